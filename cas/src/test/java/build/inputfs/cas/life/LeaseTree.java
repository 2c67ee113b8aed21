package build.inputfs.cas.life;

import build.inputfs.cas.digest.Digest;
import build.inputfs.cas.posix.Posix;
import build.inputfs.cas.store.LocalStore;
import build.inputfs.cas.store.TestStores;
import java.io.BufferedReader;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;

/**
 * A program that puts a tree in the store of a folder, takes a lease on it, and reads all of it at
 * each line that it gets.
 */
final class LeaseTree {
  private LeaseTree() {}

  public static void main(String[] arguments) throws Exception {
    try (LocalStore store = TestStores.open(Path.of(arguments[0]), Posix.load());
        SmallTree.Leased leased = SmallTree.lease(store, Long.parseLong(arguments[1]))) {
      System.out.println("leased");
      BufferedReader in =
          new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
      while (in.readLine() != null) {
        for (Digest digest : leased.tree().digests()) {
          store.read(digest, 10_000);
        }
        System.out.println("all there");
      }
    }
  }
}
