package build.inputfs.cas.life;

import build.inputfs.cas.digest.Digest;
import build.inputfs.cas.digest.DigestFunction;
import build.inputfs.cas.posix.Posix;
import build.inputfs.cas.proto.ActionResult;
import build.inputfs.cas.store.Lease;
import build.inputfs.cas.store.LocalStore;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Random;

/** A program that puts, runs, leases and evicts until it is killed. */
final class UseLimitedStore {
  static final long LIMIT = 30_000;

  private UseLimitedStore() {}

  public static void main(String[] arguments) throws Exception {
    Posix posix = Posix.load();
    Random random = new Random();
    try (LimitedStore limited =
        LimitedStore.open(Path.of(arguments[0]), DigestFunction.SHA256, LIMIT, posix)) {
      LocalStore store = limited.store();
      Thread.ofPlatform().daemon().start(() -> settle(limited));
      System.out.println("ready");
      while (true) {
        try (Lease _ = store.keepNew()) {
          SmallTree tree = SmallTree.put(store, random.nextInt(60));
          try (Lease _ = store.lease(tree.root())) {
            Digest run = tree.digests().get(random.nextInt(3));
            store.locate(run, true);
            store.putActionResult(run, ActionResult.newBuilder().setExitCode(1).build());
          }
        }
      }
    }
  }

  private static void settle(LimitedStore limited) {
    try {
      while (true) {
        limited.settle();
      }
    } catch (IOException e) {
      System.out.println(e);
    }
  }
}
