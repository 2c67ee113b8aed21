package build.inputfs.app.run;

import build.inputfs.cas.posix.PosixException;
import build.inputfs.cas.posix.Processes;

/**
 * A process that this one has started and not yet taken leave of. {@link #signal} may be called by
 * any thread at any time: it never hits another process that got the same id later.
 */
final class ChildProcess {
  private final Processes processes;
  private final int pid;
  private boolean reaped;

  ChildProcess(Processes processes, int pid) {
    this.processes = processes;
    this.pid = pid;
  }

  int pid() {
    return pid;
  }

  /** Sends a signal, unless the process is gone. */
  synchronized void signal(int number) {
    if (!reaped) {
      processes.kill(pid, number);
    }
  }

  /** Takes leave of the process, which has ended, and returns its exit code. */
  synchronized int reap() throws PosixException {
    reaped = true;
    return processes.reap(pid);
  }
}
