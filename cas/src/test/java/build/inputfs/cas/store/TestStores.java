package build.inputfs.cas.store;

import build.inputfs.cas.digest.DigestFunction;
import build.inputfs.cas.posix.Posix;
import java.io.IOException;
import java.nio.file.Path;

/** Stores in the folders of tests. */
public final class TestStores {
  private TestStores() {}

  /** The store {@code store} in a folder, which is made if need be. */
  public static LocalStore open(Path folder, StoreAccess access, Posix posix) throws IOException {
    return LocalStore.open(
        folder.resolve("store"), DigestFunction.SHA256, access, folder.resolve("private"), posix);
  }

  /** The same, to read and to write. */
  public static LocalStore open(Path folder, Posix posix) throws IOException {
    return open(folder, StoreAccess.READ_WRITE, posix);
  }
}
