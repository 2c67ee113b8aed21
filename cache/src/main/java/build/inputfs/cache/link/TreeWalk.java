package build.inputfs.cache.link;

import java.io.IOException;
import java.io.InterruptedIOException;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ForkJoinPool;
import java.util.concurrent.ForkJoinTask;
import java.util.concurrent.RecursiveAction;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import org.jspecify.annotations.Nullable;

/**
 * One walk over a tree by the threads of a pool. The walk ends when all its tasks have ended; the
 * first failure stops it. For one use.
 */
final class TreeWalk {
  /** Past this many tasks within each other a thread queues the next one rather than do it. */
  private static final int MAX_NESTED = 64;

  /** A thread keeps so many tasks that others may take, and does the rest itself. */
  private static final int SPARE_TASKS = 2;

  private static final int MAX_SUPPRESSED = 20;

  private final ForkJoinPool pool;
  private final AtomicInteger running = new AtomicInteger();
  private final CountDownLatch ended = new CountDownLatch(1);
  private final AtomicReference<@Nullable Throwable> failure = new AtomicReference<>();
  private final AtomicInteger failures = new AtomicInteger();
  private volatile boolean stopped;

  TreeWalk(ForkJoinPool pool) {
    this.pool = pool;
  }

  /**
   * A part of the walk. It is always run, also after the walk was stopped: it frees then what it
   * owns and does no more.
   */
  @FunctionalInterface
  interface Task {
    /**
     * Called by a thread of the pool.
     *
     * @param nested how many tasks this one is within, for {@link #dispatch}
     */
    void run(int nested) throws IOException;
  }

  /**
   * Does the first task and all that it dispatches, and waits for the end.
   *
   * @throws InterruptedIOException when this thread is interrupted; nothing runs any more then
   * @throws IOException the first failure, with others suppressed
   */
  void run(Task first) throws IOException {
    running.incrementAndGet();
    pool.execute(new Part(first));
    boolean interrupted = false;
    while (true) {
      try {
        ended.await();
        break;
      } catch (InterruptedException e) {
        interrupted = true;
        stopped = true;
      }
    }
    Throwable cause = failure.get();
    if (interrupted) {
      Thread.currentThread().interrupt();
      InterruptedIOException stop = new InterruptedIOException("interrupted");
      if (cause != null) {
        stop.addSuppressed(cause);
      }
      throw stop;
    }
    switch (cause) {
      case null -> {}
      case IOException e -> throw e;
      case RuntimeException e -> throw e;
      case Error e -> throw e;
      default -> throw new IOException(cause);
    }
  }

  /** Has a task done, by another thread if one is idle, else here and now. For tasks. */
  void dispatch(Task task, int nested) throws IOException {
    if (nested >= MAX_NESTED || ForkJoinTask.getSurplusQueuedTaskCount() < SPARE_TASKS) {
      running.incrementAndGet();
      new Part(task).fork();
    } else {
      task.run(nested + 1);
    }
  }

  /** Whether there is nothing more to do, because of a failure or an interrupt. */
  boolean isStopped() {
    return stopped;
  }

  /** Notes a failure that does not stop the walk. */
  void note(Throwable problem) {
    if (!failure.compareAndSet(null, problem)) {
      Throwable first = failure.get();
      if (first != null && !first.equals(problem) && failures.incrementAndGet() <= MAX_SUPPRESSED) {
        first.addSuppressed(problem);
      }
    }
  }

  private final class Part extends RecursiveAction {
    private final transient Task task;

    Part(Task task) {
      this.task = task;
    }

    @Override
    protected void compute() {
      try {
        task.run(0);
      } catch (IOException | RuntimeException | Error e) {
        note(e);
        stopped = true;
      } finally {
        if (running.decrementAndGet() == 0) {
          ended.countDown();
        }
      }
    }
  }
}
