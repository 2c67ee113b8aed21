package build.inputfs.cas.life;

import build.inputfs.cas.digest.Digest;
import build.inputfs.cas.digest.DigestFunction;
import build.inputfs.cas.posix.Posix;
import build.inputfs.cas.store.Lease;
import build.inputfs.cas.store.LocalStore;
import build.inputfs.cas.store.StoreAccess;
import java.io.BufferedReader;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;

/**
 * A program that puts a tree, takes a lease on it, and reads all of it at each line that it gets.
 */
final class LeaseTree {
  private LeaseTree() {}

  public static void main(String[] arguments) throws Exception {
    Path folder = Path.of(arguments[0]);
    try (LocalStore store =
        LocalStore.open(
            folder,
            DigestFunction.SHA256,
            StoreAccess.READ_WRITE,
            folder.resolveSibling("private"),
            Posix.load())) {
      SmallTree tree;
      Lease lease;
      try (Lease _ = store.keepNew()) {
        tree = SmallTree.put(store, Long.parseLong(arguments[1]));
        lease = store.lease(tree.root());
      }
      System.out.println("leased");
      BufferedReader in =
          new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
      while (in.readLine() != null) {
        for (Digest digest : tree.digests()) {
          store.read(digest, 10_000);
        }
        System.out.println("all there");
      }
      lease.close();
    }
  }
}
