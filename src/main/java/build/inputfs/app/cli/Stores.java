package build.inputfs.app.cli;

import build.inputfs.app.config.Configuration;
import build.inputfs.cache.view.Closing;
import build.inputfs.cas.digest.DigestFunction;
import build.inputfs.cas.fetch.FetchingSource;
import build.inputfs.cas.life.LimitedStore;
import build.inputfs.cas.posix.Posix;
import build.inputfs.cas.remote.RemoteCas;
import build.inputfs.cas.store.LocalStore;
import build.inputfs.cas.store.StoreAccess;
import build.inputfs.cas.store.StorePlace;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.ParseResult;

/** The stores that one command works with: opened as they are needed, closed together. */
final class Stores implements AutoCloseable {
  private final Folders folders;
  private final Configuration configuration;
  private final Posix posix;
  private final Deque<Closing.Step> opened = new ArrayDeque<>();

  Stores(Folders folders, Configuration configuration, Posix posix) {
    this.folders = folders;
    this.configuration = configuration;
    this.posix = posix;
  }

  /**
   * Where the store is that the options ask for, or the default store.
   *
   * @throws IOException when that has another digest function than the options ask for
   */
  static StorePlace place(ParseResult arguments, Folders folders) throws IOException {
    Path folder = Options.path(arguments, Options.CAS);
    DigestFunction function = Options.digestFunction(arguments);
    return folder == null
        ? defaultPlace(folders, function)
        : StorePlace.in(folder.toAbsolutePath().normalize(), function);
  }

  /**
   * The default store of a digest function: each has one of its own.
   *
   * @param function null for that which is usual here
   */
  private static StorePlace defaultPlace(Folders folders, @Nullable DigestFunction function)
      throws IOException {
    Path folder = folders.store();
    DigestFunction usual = folders.function();
    DigestFunction wanted = function == null ? usual : function;
    StorePlace place =
        usual == DigestFunction.SHA256
            ? new StorePlace(folder, usual)
            : StorePlace.in(folder, usual);
    return wanted == null || wanted == place.function()
        ? place
        : new StorePlace(folder.resolve(wanted.resourceName()), wanted);
  }

  /** Opens the store that the options ask for. */
  LocalStore open(ParseResult arguments, StoreAccess access) throws IOException {
    return open(place(arguments, folders), access);
  }

  /**
   * Opens the store that the options ask for, and the remote behind it, if they ask for one.
   *
   * @param access without a remote; with one the store is written
   */
  Blobs blobs(ParseResult arguments, StoreAccess access) throws IOException {
    Remotes wanted = Remotes.of(arguments, configuration);
    if (wanted == null) {
      return new Blobs(open(arguments, access), null, null);
    }
    return with(wanted, open(arguments, StoreAccess.AUTOMATIC));
  }

  /** The same, of a store that is open already. */
  Blobs behind(ParseResult arguments, LocalStore store) throws IOException {
    Remotes wanted = Remotes.of(arguments, configuration);
    return wanted == null ? new Blobs(store, null, null) : with(wanted, store);
  }

  private Blobs with(Remotes wanted, LocalStore store) throws IOException {
    if (!store.isWritable()) {
      throw new IOException(
          "the store in %s cannot be written, so nothing can be fetched into it; give another with %s"
              .formatted(store.root(), Options.CAS));
    }
    RemoteCas remote = wanted.open(store.function());
    opened.push(remote::close);
    FetchingSource fetching = new FetchingSource(store, remote, wanted.fetchOptions());
    opened.push(fetching::close);
    return new Blobs(store, remote, fetching);
  }

  /** Opens a store whose digest function its blobs tell. */
  LocalStore open(Path folder, StoreAccess access) throws IOException {
    return open(StorePlace.in(folder, null), access);
  }

  private LocalStore open(StorePlace place, StoreAccess access) throws IOException {
    if (access != StoreAccess.READ_ONLY) {
      makeDefault(place);
    }
    LocalStore store =
        LocalStore.open(place.root(), place.function(), access, folders.privateFolder(), posix);
    opened.push(store::close);
    return store;
  }

  /**
   * Opens the store that the options ask for, which this process keeps within a limit as long as it
   * lives.
   *
   * @param limit in bytes
   */
  LimitedStore openLimited(ParseResult arguments, long limit) throws IOException {
    StorePlace place = place(arguments, folders);
    makeDefault(place);
    LimitedStore store = LimitedStore.open(place.root(), place.function(), limit, posix);
    opened.push(store::close);
    return store;
  }

  /** The store for what is made when {@code store} cannot be written: the default store then. */
  LocalStore writable(LocalStore store) throws IOException {
    return store.isWritable()
        ? store
        : open(defaultPlace(folders, store.function()), StoreAccess.READ_WRITE);
  }

  private void makeDefault(StorePlace place) throws IOException {
    if (place.equals(defaultPlace(folders, place.function()))) {
      Context.makeOwn(place.root(), Options.CAS);
    }
  }

  @Override
  public void close() throws IOException {
    Closing.all(new ArrayList<>(opened));
  }
}
