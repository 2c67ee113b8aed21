package build.inputfs.cas.remote;

import java.io.IOException;
import java.util.concurrent.Callable;
import java.util.concurrent.CompletionService;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorCompletionService;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;

/**
 * Work that one thread has others do, each in a virtual thread, and takes as it is done. When it is
 * closed, what is not done is interrupted, and waited for. For one thread.
 */
final class Crew<T> implements AutoCloseable {
  private final String what;
  private final ExecutorService executor = Executors.newVirtualThreadPerTaskExecutor();
  private final CompletionService<T> tasks = new ExecutorCompletionService<>(executor);
  private int open;

  /**
   * @param what is done, for messages
   */
  Crew(String what) {
    this.what = what;
  }

  void start(Callable<T> task) {
    var _ = tasks.submit(task);
    open++;
  }

  boolean isAtWork() {
    return open > 0;
  }

  /** What comes next; an IOException of its work is thrown on. */
  T next() throws IOException {
    open--;
    try {
      return tasks.take().get();
    } catch (InterruptedException e) {
      throw Failures.interrupted(what);
    } catch (ExecutionException e) {
      if (e.getCause() instanceof IOException cause) {
        throw cause;
      }
      throw new IllegalStateException(e.getCause());
    }
  }

  @Override
  public void close() {
    executor.shutdownNow();
    executor.close();
  }
}
