package build.inputfs.app.bench;

import java.io.IOException;
import java.nio.file.Path;
import java.util.Map;
import java.util.OptionalLong;
import org.jspecify.annotations.Nullable;

/**
 * One way to have an input tree in a directory, which is measured against the others. For one
 * thread.
 *
 * <p>It has its turn between {@link #start} and {@link #stop}, and outside it holds nothing that
 * the machine could feel but memory. All times are in nanoseconds.
 */
interface Contender extends AutoCloseable {
  /** What the options and the tables call it. */
  String name();

  /** What it is, in a few words. */
  String description();

  /** Begins a turn, knowing nothing of any tree. */
  void start() throws IOException;

  /**
   * Makes a view; one may exist at a time.
   *
   * @throws RefusedException when it cannot
   */
  Site make(InputTree tree) throws IOException;

  /** What its server has in memory, or null where there is no server. */
  @Nullable Memory memory() throws IOException;

  /** Ends a turn, and whatever view there is. */
  void stop() throws IOException;

  @Override
  void close() throws IOException;

  /** A view of a tree. */
  interface Site {
    /** Where it is. */
    Path path();

    /** How long it took to make; empty where nothing had to be made. */
    OptionalLong makeNanos();

    /**
     * How many requests of each kind its server has had, for this view or for all: only differences
     * tell something. Null where no server is asked.
     */
    @Nullable Map<String, Long> requests() throws IOException;

    /** Removes it, and returns how long that took; empty where nothing had to be removed. */
    OptionalLong remove() throws IOException;
  }

  /**
   * Memory of a server, in bytes.
   *
   * @param heap what is alive on the heap
   * @param resident all that the process has in memory
   */
  record Memory(long heap, long resident) {}
}
