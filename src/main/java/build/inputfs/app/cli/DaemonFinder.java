package build.inputfs.app.cli;

import build.inputfs.app.client.DaemonClient;
import build.inputfs.app.client.DaemonClient.Info;
import build.inputfs.app.client.UnservedException;
import build.inputfs.app.daemon.SocketPath;
import build.inputfs.cas.posix.Host;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/** Finds this user's daemon for a command that it can serve. For one thread. */
final class DaemonFinder {
  private final Folders folders;
  private final Map<String, String> environment;
  private final Console console;
  private List<String> program = List.of();
  private @Nullable Path place;

  /**
   * @param environment tells where the daemon's socket is
   */
  DaemonFinder(Folders folders, Map<String, String> environment, Console console) {
    this.folders = folders;
    this.environment = environment;
    this.console = console;
  }

  /** Has a daemon started where none listens, by this program with these options. */
  DaemonFinder startingWith(String launcher, String... options) {
    program = Stream.concat(Stream.of(launcher), Stream.of(options)).toList();
    return this;
  }

  /** Has the daemon's store be in this folder, wherever the digest function has led to it. */
  DaemonFinder ofStore(Path root) {
    place = root;
    return this;
  }

  /** Where this user's daemon listens. */
  Path socket() throws IOException {
    return SocketPath.of(environment, Host.effectiveUser());
  }

  /**
   * Connects to the daemon, if it has this store and this strategy and its mounts are seen by us.
   *
   * @param description who holds the lease, for people
   * @param store its folder, or null for the default store
   * @param strategy its name
   * @param verbose whether people are to know who makes the view
   * @throws UnservedException when there is none that serves this
   */
  DaemonClient find(String description, @Nullable Path store, String strategy, boolean verbose)
      throws IOException {
    Path socket = socket();
    DaemonClient daemon =
        find(
            description,
            info -> {
              String refusal = refusal(store, info);
              return refusal != null ? refusal : refusal(strategy, info);
            });
    if (verbose) {
      console.say("the daemon at %s makes the view".formatted(socket));
    }
    return daemon;
  }

  /**
   * Connects to the daemon, if it has the default store, or that which {@link #ofStore} has said.
   *
   * @throws UnservedException when there is none that serves this
   */
  DaemonClient findForTrees(String description) throws IOException {
    return find(description, info -> refusal((Path) null, info));
  }

  /** Says why a daemon cannot serve a command, or null. */
  @FunctionalInterface
  private interface Refusing {
    @Nullable String refusal(Info info) throws IOException;
  }

  private DaemonClient find(String description, Refusing refusing) throws IOException {
    DaemonClient daemon = connect(description);
    try {
      String refusal = refusing.refusal(info(daemon));
      if (refusal != null) {
        throw new UnservedException(refusal);
      }
      return daemon;
    } catch (IOException | RuntimeException e) {
      daemon.close();
      throw e;
    }
  }

  private DaemonClient connect(String description) throws IOException {
    Path socket = socket();
    try {
      return DaemonClient.connect(socket, description);
    } catch (IOException e) {
      if (program.isEmpty()) {
        throw new UnservedException("none listens: " + e.getMessage(), e);
      }
      return new DaemonStarter(program, socket, folders.scratch())
          .start(() -> DaemonClient.connect(socket, description));
    }
  }

  private static Info info(DaemonClient daemon) throws UnservedException {
    try {
      return daemon.info();
    } catch (IOException e) {
      throw new UnservedException("it does not answer: " + e.getMessage(), e);
    }
  }

  /** Why this daemon has not the store, or null. */
  private @Nullable String refusal(@Nullable Path asked, Info info) throws IOException {
    Path known = place;
    Path store = known != null ? known : asked != null ? asked : folders.store();
    if (!isSame(store, info.store())) {
      return "its store is %s, not %s".formatted(info.store(), store);
    }
    return null;
  }

  /** Why this daemon cannot make the views, or null. */
  private static @Nullable String refusal(String strategy, Info info) {
    if (!strategy.equals(Strategies.AUTOMATIC) && !info.strategies().contains(strategy)) {
      return "it has no strategy " + strategy;
    }
    if (info.ownNamespace() && !isOurNamespace(info.pid())) {
      return "its mounts are not seen by others";
    }
    return null;
  }

  private static boolean isSame(Path store, Path other) throws IOException {
    Path absolute = store.toAbsolutePath().normalize();
    return absolute.equals(other) || (Files.exists(absolute) && Files.isSameFile(absolute, other));
  }

  /** Whether a process has our mount namespace: namespaces(7). */
  private static boolean isOurNamespace(long pid) {
    try {
      Path own = Files.readSymbolicLink(Path.of("/proc/self/ns/mnt"));
      return own.equals(Files.readSymbolicLink(Path.of("/proc/" + pid + "/ns/mnt")));
    } catch (IOException e) {
      return false;
    }
  }
}
