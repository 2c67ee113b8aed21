package build.inputfs.fuse.vfs;

import java.io.IOException;
import java.nio.file.Path;
import java.util.Map;
import java.util.SequencedMap;
import java.util.function.Consumer;

/**
 * Mounts by the first of several transports that can. Each mount tries them anew, since what keeps
 * one from working may be the mount point. Thread-safe.
 */
public final class FirstWorkingTransport implements Transport {
  private final SequencedMap<String, Transport> transports;
  private final Consumer<String> log;

  /**
   * A choice among transports.
   *
   * @param transports by their names, the best first
   * @param log is told what was chosen, and why not those before it
   */
  public FirstWorkingTransport(SequencedMap<String, Transport> transports, Consumer<String> log) {
    this.transports = transports;
    this.log = log;
  }

  /**
   * {@inheritDoc}
   *
   * @throws IOException when none works; the message has what each says, unless all say the same
   */
  @Override
  public Mounted mount(FileSystem fileSystem, Path mountPoint, boolean readOnly)
      throws IOException {
    IOException failure = null;
    StringBuilder reasons = new StringBuilder();
    int distinct = 0;
    for (Map.Entry<String, Transport> each : transports.entrySet()) {
      try {
        Mounted mounted = each.getValue().mount(fileSystem, mountPoint, readOnly);
        log.accept(
            "transport %s: %s"
                .formatted(
                    each.getKey(),
                    reasons.isEmpty()
                        ? "the first choice, and it works"
                        : "chosen, for" + reasons));
        return mounted;
      } catch (IOException e) {
        String reason = e.getMessage();
        if (failure == null) {
          failure = e;
        } else {
          failure.addSuppressed(e);
        }
        if (reasons.indexOf(String.valueOf(reason)) < 0) {
          distinct++;
          reasons.append(reasons.isEmpty() ? " " : "; ");
          reasons.append(each.getKey()).append(" does not work: ").append(reason);
        }
      }
    }
    if (failure == null) {
      throw new IOException("there is no transport to mount by");
    }
    if (distinct == 1) {
      throw failure;
    }
    throw new IOException(reasons.toString().strip(), failure);
  }
}
