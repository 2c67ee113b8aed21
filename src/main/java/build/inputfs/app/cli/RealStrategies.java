package build.inputfs.app.cli;

import build.inputfs.app.daemon.StrategySet;
import build.inputfs.cache.link.CacheFolder;
import build.inputfs.cache.link.Mechanism;
import build.inputfs.cache.link.RealTreeStrategy;
import build.inputfs.cache.link.SafeLinks;
import build.inputfs.cache.view.FirstWorkingStrategy;
import build.inputfs.cache.view.LateStrategy;
import build.inputfs.cache.view.LeasedStrategy;
import build.inputfs.cache.view.SessionFolder;
import build.inputfs.cache.view.View;
import build.inputfs.cache.view.ViewSpec;
import build.inputfs.cache.view.ViewStrategy;
import build.inputfs.cas.meter.Reading;
import build.inputfs.cas.posix.Posix;
import build.inputfs.cas.store.BlobSource;
import build.inputfs.cas.tree.TreeReader;
import build.inputfs.fuse.jnr.JnrOptions;
import build.inputfs.fuse.jnr.JnrTransport;
import build.inputfs.fuse.kernel.KernelTransport;
import build.inputfs.fuse.kernel.MountOptions;
import build.inputfs.fuse.kernel.Mounter;
import build.inputfs.fuse.mount.MountTable;
import build.inputfs.fuse.mount.Privileges;
import build.inputfs.fuse.mutable.FuseStrategy;
import build.inputfs.fuse.overlay.OverlayStrategy;
import build.inputfs.fuse.vfs.FirstWorkingTransport;
import build.inputfs.fuse.vfs.Transport;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.SequencedMap;
import java.util.function.Consumer;
import java.util.stream.Stream;

/** The strategies of this program. */
final class RealStrategies implements Strategies {
  static final List<String> REAL_TREES =
      Stream.of(Mechanism.values()).map(Mechanism::label).toList();

  /** How the names of sessions' folders begin. */
  static final String SESSION = "session-";

  /** What the start script says where it has made a namespace. */
  private static final String MADE = "yes";

  private final CacheFolder caches;
  private final String namespace;

  /**
   * @param caches where real trees are kept
   * @param namespace what the start script says of a user namespace of this process's own: {@code
   *     yes}, why there is none though this process may not mount, or nothing
   */
  RealStrategies(CacheFolder caches, String namespace) {
    this.caches = caches;
    this.namespace = namespace;
  }

  @Override
  public ViewStrategy open(
      String name,
      TransportChoice transport,
      Posix posix,
      BlobSource blobs,
      TreeReader trees,
      Path scratch)
      throws IOException {
    if (!name.equals(AUTOMATIC) && !NAMES.contains(name) && !REAL_TREES.contains(name)) {
      throw new IllegalArgumentException(
          "there is no strategy '%s': --strategy takes auto, %s, %s"
              .formatted(name, String.join(", ", NAMES), String.join(", ", REAL_TREES)));
    }
    SessionFolder session = SessionFolder.open(posix, scratch, SESSION, new Mounter(posix)::clear);
    if (namespace.equals(MADE)) {
      Logging.detail("this user may not mount: a user and mount namespace was made for this run");
    }
    StrategySet all = all(transport, posix, blobs, trees, session.path());
    ViewStrategy strategy = all.of(name);
    return new InSession(strategy, all, session);
  }

  @Override
  public StrategySet all(
      TransportChoice transport, Posix posix, BlobSource blobs, TreeReader trees, Path own) {
    SequencedMap<String, ViewStrategy> byName = new LinkedHashMap<>();
    byName.put(
        "overlay",
        transport == TransportChoice.JNR
            ? new Refused("overlay", "an overlay takes the transport kernel: its forest lives long")
            : new LateStrategy("overlay", () -> overlay(posix, blobs, trees, own)));
    byName.put(
        "fuse", new FuseStrategy(posix, transport(transport, posix, own), blobs, trees, own));
    ViewStrategy link = late(Mechanism.LINK, posix, blobs, trees, own);
    byName.put(link.name(), link);
    ViewStrategy clone = late(Mechanism.CLONE, posix, blobs, trees, own);
    byName.put(clone.name(), clone);
    byName.put(Mechanism.COPY.label(), late(Mechanism.COPY, posix, blobs, trees, own));
    List<ViewStrategy> tried = new ArrayList<>(byName.values());
    tried.set(tried.indexOf(link), new SafeLinks(posix, blobs, link));
    tried.removeLast(); // clones are copies where the disk cannot clone
    byName.replaceAll((name, strategy) -> new LeasedStrategy(strategy, blobs));
    return new StrategySet(
        byName, new LeasedStrategy(new FirstWorkingStrategy(tried, Logging::detail), blobs));
  }

  /** A strategy and the folder that it has to itself. */
  private record InSession(ViewStrategy strategy, StrategySet all, SessionFolder session)
      implements ViewStrategy {
    @Override
    public String name() {
      return strategy.name();
    }

    @Override
    public View open(ViewSpec spec) throws IOException {
      return strategy.open(spec);
    }

    @Override
    public void meter(Consumer<Reading> to) {
      strategy.meter(to);
    }

    @Override
    public void close() throws IOException {
      try (session) {
        all.close();
      }
    }
  }

  private ViewStrategy overlay(Posix posix, BlobSource blobs, TreeReader trees, Path scratch)
      throws IOException {
    if (posix.isMac()) {
      return new Refused(
          "overlay", "overlayfs is Linux's; macOS has fuse, clone, hardlink and copy");
    }
    Privileges privileges = Privileges.read();
    if (!privileges.mayMount()) {
      return new Refused("overlay", whyNoOverlay());
    }
    return new OverlayStrategy(
        posix,
        new KernelTransport(posix, options(scratch).withPassthrough(false).withRing(true)),
        blobs,
        trees,
        scratch,
        privileges.userNamespace());
  }

  private String whyNoOverlay() {
    String reason = "it takes root to mount an overlay, or a user namespace";
    return namespace.isEmpty() ? reason : reason + ", which there is none: " + namespace;
  }

  /** A strategy that cannot work here. */
  private record Refused(String name, String reason) implements ViewStrategy {
    @Override
    public View open(ViewSpec spec) throws IOException {
      throw new IOException(reason);
    }

    @Override
    public void close() {
      // It has made nothing.
    }
  }

  /**
   * Mounts tell whose they are, so that they are known for leftovers when this process has died.
   */
  private static MountOptions options(Path session) {
    return MountOptions.PRIVATE.withSource(MountTable.source(session));
  }

  private ViewStrategy realTree(
      Mechanism mechanism, Posix posix, BlobSource blobs, TreeReader trees, Path scratch)
      throws IOException {
    int threads = Runtime.getRuntime().availableProcessors();
    return RealTreeStrategy.open(posix, mechanism, blobs, trees, scratch, caches, threads);
  }

  /** The same, when it is needed. */
  private ViewStrategy late(
      Mechanism mechanism, Posix posix, BlobSource blobs, TreeReader trees, Path scratch) {
    return new LateStrategy(
        mechanism.label(), () -> realTree(mechanism, posix, blobs, trees, scratch));
  }

  private static Transport transport(TransportChoice choice, Posix posix, Path session) {
    Transport kernel = new KernelTransport(posix, options(session));
    Transport jnr =
        new JnrTransport(posix, JnrOptions.PRIVATE.withSource(MountTable.source(session)));
    return switch (choice) {
      case KERNEL -> kernel;
      case JNR -> jnr;
      case AUTO -> {
        SequencedMap<String, Transport> tried = new LinkedHashMap<>();
        tried.put(TransportChoice.KERNEL.label(), kernel);
        tried.put(TransportChoice.JNR.label(), jnr);
        yield new FirstWorkingTransport(tried, Logging::detail);
      }
    };
  }
}
