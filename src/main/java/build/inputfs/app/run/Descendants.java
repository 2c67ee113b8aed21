package build.inputfs.app.run;

import build.inputfs.cas.posix.Processes;
import java.io.IOException;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import java.util.stream.Collectors;

/**
 * The processes that a command leaves behind. This process is their subreaper, so a process whose
 * parent has ended is a child of this one, and a child's id is its own until it is reaped: only
 * children are ever killed, so that no other process can be hit by mistake.
 *
 * <p>Made before the command is started; for the thread that made it.
 */
final class Descendants {
  private static final int SIGKILL = 9;
  private static final long PATIENCE_NANOS = TimeUnit.SECONDS.toNanos(10);
  private static final long PAUSE_NANOS = TimeUnit.MILLISECONDS.toNanos(1);

  private final Processes processes;
  private final Set<Long> others;

  Descendants(Processes processes) {
    this.processes = processes;
    this.others = processes.hasChildren() ? children() : Set.of();
  }

  /** Waits until child {@code pid} has ended, and reaps those orphans that end before it. */
  void await(int pid) throws IOException {
    int ended = processes.awaitAny();
    while (ended != pid) {
      if (!others.contains((long) ended)) {
        processes.reap(ended);
      } else if (processes.hasEnded(pid)) {
        return;
      } else {
        // Somebody else is to reap that one, and it hides from waitid(2) what ends after it.
        for (long orphan : ours()) {
          if (orphan != pid) {
            processes.reap((int) orphan);
          }
        }
        LockSupport.parkNanos(PAUSE_NANOS);
      }
      ended = processes.awaitAny();
    }
  }

  /**
   * Kills and reaps every process that is left, and whatever they leave in their turn.
   *
   * @throws IOException when a process does not end even so
   */
  void end() throws IOException {
    long deadline = System.nanoTime() + PATIENCE_NANOS;
    while (processes.hasChildren()) {
      Set<Long> left = ours();
      if (left.isEmpty()) {
        return;
      }
      if (System.nanoTime() > deadline) {
        throw new IOException(
            "processes of the command do not end though they were killed: "
                + left.stream().map(String::valueOf).collect(Collectors.joining(", ")));
      }
      left.forEach(pid -> processes.kill(pid.intValue(), SIGKILL));
      boolean waiting = false;
      for (long pid : left) {
        waiting |= processes.reap((int) pid) < 0;
      }
      if (waiting) {
        LockSupport.parkNanos(PAUSE_NANOS);
      }
    }
  }

  private Set<Long> ours() {
    Set<Long> ours = children();
    ours.removeAll(others);
    return ours;
  }

  private static Set<Long> children() {
    return ProcessHandle.current()
        .children()
        .map(ProcessHandle::pid)
        .collect(Collectors.toCollection(TreeSet::new));
  }
}
