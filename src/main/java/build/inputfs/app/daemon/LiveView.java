package build.inputfs.app.daemon;

import build.inputfs.cache.view.View;
import build.inputfs.cache.view.ViewFailure;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Future;
import org.jspecify.annotations.Nullable;

/**
 * One view from before it is made until it has ended, and who uses it meanwhile. Thread-safe; its
 * lock is held for memory alone.
 *
 * <p>Whoever makes it or works with it is a user of it. Anybody may ask at any time that it be
 * closed; it is closed once, when there are no users, by the one who asked or by the last user.
 */
final class LiveView {
  private final String name;
  private final Caller client;
  private final ViewRequest request;
  private final @Nullable Lease lease;
  private final CompletableFuture<Closed> end = new CompletableFuture<>();
  private int users = 1; // its maker
  private @Nullable String closing;
  private boolean taken;
  private @Nullable Made made;
  private @Nullable Future<?> timer;
  private int failuresTold;

  /**
   * What it is when it has been made.
   *
   * @param strategy the name of the one that made it
   */
  record Made(
      View view,
      Place place,
      String strategy,
      Instant created,
      @Nullable Instant expires,
      Duration makeTime) {}

  LiveView(String name, Caller client, ViewRequest request, @Nullable Lease lease) {
    this.name = name;
    this.client = client;
    this.request = request;
    this.lease = lease;
  }

  String name() {
    return name;
  }

  Caller client() {
    return client;
  }

  ViewRequest request() {
    return request;
  }

  @Nullable Lease lease() {
    return lease;
  }

  /** Told when it has ended, or could not be made. */
  CompletableFuture<Closed> end() {
    return end;
  }

  /** Says what was made. Called once, by the maker. */
  synchronized void made(Made what) {
    made = what;
  }

  /** What was made, or null as long as it is not. */
  synchronized @Nullable Made made() {
    return made;
  }

  /** Has {@code task} cancelled when this view ends. */
  synchronized void keepTimer(Future<?> task) {
    timer = task;
  }

  synchronized void cancelTimer() {
    if (timer != null) {
      timer.cancel(false);
    }
  }

  /** Makes the caller a user, unless the view is not made yet or is being closed. */
  synchronized boolean enter() {
    if (made == null || closing != null) {
      return false;
    }
    users++;
    return true;
  }

  /**
   * Takes a user away.
   *
   * @return whether the caller is to close the view now
   */
  synchronized boolean leave() {
    users--;
    return take();
  }

  /**
   * Asks that it be closed. The first reason counts.
   *
   * @return whether the caller is to close it now
   */
  synchronized boolean close(String reason) {
    if (closing == null) {
      closing = reason;
    }
    return take();
  }

  /** Why it is being closed, or null. */
  synchronized @Nullable String closing() {
    return closing;
  }

  private boolean take() {
    if (closing == null || users > 0 || taken) {
      return false;
    }
    taken = true;
    return true;
  }

  /** Of all its failures those that nobody has been told of yet. */
  synchronized List<ViewFailure> untold(List<ViewFailure> failures) {
    List<ViewFailure> untold =
        List.copyOf(failures.subList(Math.min(failuresTold, failures.size()), failures.size()));
    failuresTold = Math.max(failuresTold, failures.size());
    return untold;
  }

  /** What there is to tell of it now. It must have been made. */
  ViewState state() {
    Made it = Objects.requireNonNull(made(), "not made yet");
    return new ViewState(
        name,
        request,
        it.place().path(),
        it.strategy(),
        it.view().mechanism(),
        it.created(),
        it.expires(),
        it.makeTime(),
        it.view().failures(),
        it.view().limits().all(),
        it.view().counters());
  }
}
