package build.inputfs.cas.remote;

import build.inputfs.cas.digest.DigestFunction;
import build.inputfs.cas.store.SingleFlight;
import java.io.IOException;
import org.jspecify.annotations.Nullable;

/**
 * What all calls to one remote share: connections, limits, counts, and what was learnt of the
 * server. Thread-safe.
 */
final class Connection implements AutoCloseable {

  /** Whether the server begins where it is asked to. */
  enum Offsets {
    UNKNOWN,
    HONOURED,
    IGNORED
  }

  private final RemoteOptions options;
  private final DigestFunction function;
  private final ResourceNames names;
  private final Channels channels;
  private final Throttle throttle;
  private final RemoteCounts counts = new RemoteCounts();
  private final SingleFlight<String, RemoteCapabilities> asked = new SingleFlight<>();
  private volatile @Nullable RemoteCapabilities capabilities;
  private volatile Offsets offsets = Offsets.UNKNOWN;
  private volatile boolean withoutBatchReads;
  private volatile boolean withoutBatchUpdates;
  private volatile boolean withoutTrees;

  Connection(RemoteOptions options, DigestFunction function) throws IOException {
    this.options = options;
    this.function = function;
    this.names = new ResourceNames(options.target().instance(), function);
    this.throttle = new Throttle(options.limits());
    this.channels = new Channels(options);
  }

  RemoteOptions options() {
    return options;
  }

  RemoteTarget target() {
    return options.target();
  }

  DigestFunction function() {
    return function;
  }

  ResourceNames names() {
    return names;
  }

  Channels channels() {
    return channels;
  }

  Throttle throttle() {
    return throttle;
  }

  RemoteCounts counts() {
    return counts;
  }

  /** What the server can do, which is asked once for all who want to know it. */
  RemoteCapabilities capabilities(SingleFlight.Work<RemoteCapabilities> asking) throws IOException {
    RemoteCapabilities known = capabilities;
    if (known != null) {
      return known;
    }
    return asked.run(
        "what the remote can do",
        () -> {
          RemoteCapabilities before = capabilities;
          RemoteCapabilities learnt = before != null ? before : asking.run();
          capabilities = learnt;
          return learnt;
        });
  }

  Offsets offsets() {
    return offsets;
  }

  void learnOffsets(Offsets learnt) {
    offsets = learnt;
  }

  boolean hasBatchReads() {
    return !withoutBatchReads;
  }

  void learnNoBatchReads() {
    withoutBatchReads = true;
  }

  boolean hasBatchUpdates() {
    return !withoutBatchUpdates;
  }

  void learnNoBatchUpdates() {
    withoutBatchUpdates = true;
  }

  boolean hasTrees() {
    return !withoutTrees;
  }

  void learnNoTrees() {
    withoutTrees = true;
  }

  @Override
  public void close() {
    channels.close();
  }
}
