package build.inputfs.app.cli;

import build.inputfs.cache.view.Closing;
import build.inputfs.cas.digest.DigestFunction;
import build.inputfs.cas.life.LimitedStore;
import build.inputfs.cas.posix.Posix;
import build.inputfs.cas.store.LocalStore;
import build.inputfs.cas.store.StoreAccess;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import org.jspecify.annotations.Nullable;

/** The stores that one command works with: opened as they are needed, closed together. */
final class Stores implements AutoCloseable {
  private final Folders folders;
  private final Posix posix;
  private final Deque<Closing.Step> opened = new ArrayDeque<>();

  Stores(Folders folders, Posix posix) {
    this.folders = folders;
    this.posix = posix;
  }

  /**
   * Opens a store.
   *
   * @param root its folder, or null for the default store
   */
  LocalStore open(@Nullable Path root, StoreAccess access) throws IOException {
    if (root == null && access != StoreAccess.READ_ONLY) {
      Context.makeOwn(folders.store(), Options.CAS);
    }
    LocalStore store =
        LocalStore.open(
            root == null ? folders.store() : root,
            DigestFunction.SHA256,
            access,
            folders.privateFolder(),
            posix);
    opened.push(store::close);
    return store;
  }

  /**
   * Opens a store that this process keeps within a limit, as long as it lives.
   *
   * @param root its folder, or null for the default store
   * @param limit in bytes
   */
  LimitedStore openLimited(@Nullable Path root, long limit) throws IOException {
    if (root == null) {
      Context.makeOwn(folders.store(), Options.CAS);
    }
    LimitedStore store =
        LimitedStore.open(
            root == null ? folders.store() : root.toAbsolutePath().normalize(),
            DigestFunction.SHA256,
            limit,
            posix);
    opened.push(store::close);
    return store;
  }

  /** The store for what is made when {@code store} cannot be written: the default store then. */
  LocalStore writable(LocalStore store) throws IOException {
    return store.isWritable() ? store : open(null, StoreAccess.READ_WRITE);
  }

  @Override
  public void close() throws IOException {
    Closing.all(new ArrayList<>(opened));
  }
}
