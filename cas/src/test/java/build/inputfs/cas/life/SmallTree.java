package build.inputfs.cas.life;

import build.inputfs.cas.digest.Digest;
import build.inputfs.cas.store.Lease;
import build.inputfs.cas.store.LocalStore;
import build.inputfs.cas.tree.DirectoryBuilder;
import java.io.IOException;
import java.nio.file.Files;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;

/**
 * Small trees with contents of their own: a directory with some files and a subdirectory, which has
 * some more, one of them executable.
 *
 * @param root its digest
 * @param digests of all that is in it, the root included
 */
record SmallTree(Digest root, List<Digest> digests) {
  static final int FILES = 6;
  static final int BYTES = 1000;

  /** Puts the tree of this number, which has the same contents wherever it is made. */
  static SmallTree put(LocalStore store, long number) throws IOException {
    Random random = new Random(number);
    List<Digest> digests = new ArrayList<>();
    DirectoryBuilder below = new DirectoryBuilder();
    DirectoryBuilder top = new DirectoryBuilder();
    for (int i = 0; i < FILES; i++) {
      Digest file = store.put(bytes(random, BYTES));
      digests.add(file);
      (i % 2 == 0 ? top : below).addFile("f" + i, file, i == 1, null);
    }
    Digest subdirectory = store.put(below.build());
    digests.add(subdirectory);
    top.addDirectory("d", subdirectory);
    Digest root = store.put(top.build());
    digests.add(root);
    return new SmallTree(root, List.copyOf(digests));
  }

  /** A tree that is kept in its store until this is closed. */
  record Leased(SmallTree tree, Lease lease) implements AutoCloseable {
    @Override
    public void close() {
      lease.close();
    }
  }

  /** Puts the tree of this number and leases it, before any of it can be taken away. */
  static Leased lease(LocalStore store, long number) throws IOException {
    try (Lease _ = store.keepNew()) {
      SmallTree tree = put(store, number);
      return new Leased(tree, store.lease(tree.root()));
    }
  }

  /** The blob of this number. */
  static byte[] blob(long number) {
    return bytes(new Random(~number), BYTES);
  }

  private static byte[] bytes(Random random, int count) {
    byte[] bytes = new byte[count];
    random.nextBytes(bytes);
    return bytes;
  }

  /** How many of the blobs are there. */
  long present(LocalStore store) {
    return digests.stream().filter(digest -> isThere(store, digest)).count();
  }

  static boolean isThere(LocalStore store, Digest digest) {
    return Files.exists(
        store.root().resolve("cas").resolve(digest.hex().substring(0, 2)).resolve(digest.hex()));
  }
}
