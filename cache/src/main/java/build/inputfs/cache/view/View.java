package build.inputfs.cache.view;

import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;

/**
 * One action's view of its input tree: made by a {@link ViewStrategy}, ended by {@link #close}.
 *
 * <p>Thread-safe. The process that made the view must not touch {@link #path} itself, but for
 * handing it to a child: with some strategies this very process answers what is asked there.
 */
public interface View extends AutoCloseable {
  /**
   * Among {@link #counters}: how long the action's threads have waited for inputs that had to be
   * fetched, all together; absent when they have not.
   */
  String FETCH_WAITS = "milliseconds waited for fetches";

  /** Where the view is. */
  Path path();

  /** How it was really made, for people: {@code fuse, passthrough} say. */
  String mechanism();

  /**
   * What is in the view now, read beside the mount. Good until {@link #close}; meant for after the
   * action has ended, as nothing stops what still writes.
   */
  ViewTree tree();

  /** What the view could not give the action because the store failed, in the order it happened. */
  List<ViewFailure> failures();

  /** Which limits of its scratch the action has reached: see {@link ViewSpec#scratch}. */
  LimitHits limits();

  /** What happened in the view, by name: requests served by kind, private copies made and so on. */
  Map<String, Long> counters();

  /** Waits until the view has ended, by {@link #close} or because somebody unmounted it. */
  void awaitEnd() throws InterruptedException;

  /**
   * Ends the view: the path is an empty directory again and what was written is gone. Does nothing
   * the second time.
   *
   * @throws IOException when something was left behind; the message says what
   */
  @Override
  void close() throws IOException;
}
