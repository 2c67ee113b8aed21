package build.inputfs.app.daemon;

import build.inputfs.app.daemon.Event.What;
import build.inputfs.app.daemon.LiveView.Made;
import build.inputfs.app.daemon.RefusedException.Kind;
import build.inputfs.app.run.Problems;
import build.inputfs.cache.view.Closing;
import build.inputfs.cache.view.DeclaredOutputs;
import build.inputfs.cache.view.OutputCollector;
import build.inputfs.cache.view.View;
import build.inputfs.cache.view.ViewSpec;
import build.inputfs.cache.view.ViewStrategy;
import build.inputfs.cas.posix.Posix;
import build.inputfs.cas.proto.ActionResult;
import build.inputfs.cas.tree.TreeReader;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * All views of a daemon: makes them, knows them by name, and closes each once, whoever asks first:
 * its client, the end of its lease, its deadline or the daemon's own end.
 *
 * <p>Thread-safe. Making, collecting and closing happen on the caller's thread, which may wait for
 * disks; those that no caller asks for are closed on a few threads of the registry's own. Locks are
 * held for memory alone. Does not own the strategies.
 */
public final class ViewRegistry implements AutoCloseable {
  /** How many views that nobody waits for are closed at a time. */
  private static final int CLOSERS = 8;

  /** How often views are asked for failures while somebody listens. */
  private static final long LOOK_AGAIN_SECONDS = 1;

  private final StrategySet strategies;
  private final TreeReader trees;
  private final OutputCollector outputs;
  private final Places places;
  private final Events events;
  private final String prefix;
  private final int mostViews;
  private final AtomicLong lastView = new AtomicLong();
  private final AtomicLong lastLease = new AtomicLong();
  private final Map<String, Lease> leases = new ConcurrentHashMap<>();

  /** By name, the oldest first; guarded by itself. */
  private final Map<String, LiveView> views = new LinkedHashMap<>();

  private boolean stopping; // guarded by views
  private final ExecutorService closers;
  private final ScheduledThreadPoolExecutor timer;

  /** A lease that a client holds until it is closed. Closing it twice does nothing. */
  public interface HeldLease extends AutoCloseable {
    String name();

    /** Has its views closed, in the background. */
    @Override
    void close();
  }

  /**
   * A registry without views.
   *
   * @param trees decodes the directories of input trees, for the strategies too
   * @param outputs puts outputs in the store
   * @param folder the real path of an existing, empty folder for the views' own places
   * @param mayMount whether this process may call mount(2)
   * @param events is told what happens
   * @param prefix how the names of views and leases begin, so that they are not those of another
   *     daemon
   * @param mostViews how many there may be at a time
   */
  public ViewRegistry(
      Posix posix,
      StrategySet strategies,
      TreeReader trees,
      OutputCollector outputs,
      Path folder,
      boolean mayMount,
      Events events,
      String prefix,
      int mostViews) {
    this.strategies = strategies;
    this.trees = trees;
    this.outputs = outputs;
    this.places = new Places(posix, folder, mayMount);
    this.events = events;
    this.prefix = prefix;
    this.mostViews = mostViews;
    this.closers =
        Executors.newFixedThreadPool(CLOSERS, Thread.ofPlatform().name("closer-", 0).factory());
    this.timer =
        new ScheduledThreadPoolExecutor(1, Thread.ofPlatform().name("deadlines").factory());
    timer.setRemoveOnCancelPolicy(true);
    var _ =
        timer.scheduleWithFixedDelay(
            () -> closers.execute(this::lookForFailures),
            LOOK_AGAIN_SECONDS,
            LOOK_AGAIN_SECONDS,
            TimeUnit.SECONDS);
  }

  /** Where views are when their clients do not say. */
  public Path folder() {
    return places.folder();
  }

  /** How many views there are, those being made and closed included. */
  public int size() {
    synchronized (views) {
      return views.size();
    }
  }

  /** How many leases are held. */
  public int leases() {
    return leases.size();
  }

  /**
   * Begins a lease.
   *
   * @param told hears of views under it that the daemon closed by itself; must return soon
   */
  public HeldLease lease(Caller caller, Consumer<Closed> told) throws RefusedException {
    synchronized (views) {
      refuseWhenStopping();
    }
    Lease lease = new Lease(prefix + "-lease-" + lastLease.incrementAndGet(), caller.uid(), told);
    leases.put(lease.name(), lease);
    return new HeldLease() {
      @Override
      public String name() {
        return lease.name();
      }

      @Override
      public void close() {
        if (leases.remove(lease.name(), lease)) {
          lease.end().forEach(view -> closeLater(view, Closed.LEASE_ENDED));
        }
      }
    };
  }

  /**
   * Makes a view.
   *
   * @throws build.inputfs.cas.store.MissingBlobException when the root is not in the store
   * @throws RefusedException when the request cannot be fulfilled
   * @throws IOException when it cannot be made; nothing is left behind
   */
  public ViewState create(Caller caller, ViewRequest request) throws IOException {
    if (!caller.trusted() && caller.uid() != request.uid()) {
      throw new RefusedException(
          Kind.FORBIDDEN,
          "user %d may not have views that belong to user %d"
              .formatted(caller.uid(), request.uid()));
    }
    Duration deadline = request.deadline();
    if (deadline != null && !deadline.isPositive()) {
      throw new RefusedException(Kind.INVALID, "the deadline must be longer than nothing");
    }
    ViewStrategy strategy = strategies.of(request.strategy());
    LiveView view = enlist(caller, request);
    long start = System.nanoTime();
    try {
      Made made = make(view, strategy, start);
      view.made(made);
    } catch (IOException | RuntimeException | Error e) {
      forget(view);
      if (e instanceof Exception problem) {
        tell(view, new Event.NotCreated(problem, since(start)));
      }
      view.end().completeExceptionally(e);
      throw e;
    }
    ViewState state = view.state();
    tell(view, new Event.Created(state));
    watch(view, deadline);
    if (view.leave()) {
      String reason = finish(view).reason();
      throw new RefusedException(
          reason.equals(Closed.STOPPING) ? Kind.STOPPING : Kind.UNKNOWN,
          "the view was closed while it was made: " + reason);
    }
    return state;
  }

  /** Tells about a view. */
  public ViewState describe(Caller caller, String name) throws RefusedException {
    LiveView view = find(caller, name);
    ViewState state = view.state();
    tellFailures(view, state);
    return state;
  }

  /**
   * Tells about all views that the caller may know of, the oldest first.
   *
   * @param lease those of this lease, or empty for all
   */
  public List<ViewState> list(Caller caller, String lease) {
    List<ViewState> states = new ArrayList<>();
    for (LiveView view : all()) {
      boolean wanted = lease.isEmpty() || view.request().lease().equals(lease);
      if (wanted && caller.mayUse(view.client().uid()) && view.made() != null) {
        states.add(view.state());
      }
    }
    return states;
  }

  /**
   * Puts a view's outputs in the store. A view that is to be closed meanwhile is closed when this
   * has ended.
   *
   * @param wanted which ones, or null for those that the view was made with
   * @param localOnly whether nobody but the store gets them
   */
  public Collected collect(
      Caller caller, String name, @Nullable DeclaredOutputs wanted, boolean localOnly)
      throws IOException {
    LiveView view = find(caller, name);
    Made made = view.made();
    if (made == null || !view.enter()) {
      throw new RefusedException(Kind.STATE, "the view " + name + " is being closed");
    }
    try {
      long start = System.nanoTime();
      ActionResult result =
          (localOnly ? outputs.keeping() : outputs)
              .collect(
                  new EndingTree(made.view().tree(), () -> view.closing() != null),
                  wanted == null ? view.request().outputs() : wanted);
      Collected collected = new Collected(result, view.state(), since(start));
      tellFailures(view, collected.view());
      tell(view, new Event.OutputsCollected(collected));
      return collected;
    } finally {
      if (view.leave()) {
        var _ = finish(view);
      }
    }
  }

  /**
   * Ends a view: on this thread, unless somebody is at it already, or works with it and will do so.
   * Whoever else ends it, the result tells how.
   */
  public CompletableFuture<Closed> close(Caller caller, String name) throws RefusedException {
    LiveView view = find(caller, name);
    close(view, Closed.BY_CLIENT);
    return view.end();
  }

  /** Makes no more views and begins no more leases. */
  public void stop() {
    synchronized (views) {
      stopping = true;
    }
  }

  /** Whether {@link #stop} was called. */
  public boolean isStopping() {
    synchronized (views) {
      return stopping;
    }
  }

  /**
   * Waits until there are no views.
   *
   * @return whether that was so in time
   */
  public boolean awaitNoViews(Duration most) throws InterruptedException {
    long end = System.nanoTime() + most.toNanos();
    synchronized (views) {
      for (long left = most.toMillis(); !views.isEmpty(); ) {
        if (left <= 0) {
          return false;
        }
        views.wait(left);
        left = TimeUnit.NANOSECONDS.toMillis(end - System.nanoTime());
      }
      return true;
    }
  }

  /** Makes no more views, and ends all that there are; returns when they have ended. */
  @Override
  public void close() {
    stop();
    List<LiveView> left = all();
    left.forEach(view -> closeLater(view, Closed.STOPPING));
    for (LiveView view : left) {
      view.end().handle((closed, failure) -> failure).join();
    }
    timer.shutdownNow();
    closers.close();
  }

  private LiveView enlist(Caller caller, ViewRequest request) throws RefusedException {
    Lease lease = null;
    if (!request.lease().isEmpty()) {
      lease = leases.get(request.lease());
      if (lease == null || !caller.mayUse(lease.uid())) {
        throw noLease(request);
      }
    }
    LiveView view = new LiveView(prefix + "-" + lastView.incrementAndGet(), caller, request, lease);
    synchronized (views) {
      refuseWhenStopping();
      if (views.size() >= mostViews) {
        throw new RefusedException(
            Kind.EXHAUSTED, "there are %d views, as many as there may be".formatted(mostViews));
      }
      views.put(view.name(), view);
    }
    if (lease != null && !lease.add(view)) {
      forget(view);
      throw noLease(request);
    }
    return view;
  }

  private static RefusedException noLease(ViewRequest request) {
    return new RefusedException(Kind.UNKNOWN, "there is no lease '" + request.lease() + "'");
  }

  private void refuseWhenStopping() throws RefusedException {
    if (stopping) {
      throw new RefusedException(Kind.STOPPING, "the daemon is about to stop");
    }
  }

  private Made make(LiveView live, ViewStrategy strategy, long start) throws IOException {
    ViewRequest request = live.request();
    var _ = trees.directory(request.root()); // a root that is missing says nothing of a strategy
    Place place = places.take(live.name(), request.mountPoint(), live.client());
    try {
      View view =
          strategy.open(
              new ViewSpec(
                  request.root(),
                  place.target(),
                  request.uid(),
                  request.gid(),
                  request.readOnly(),
                  request.outputs().viewPaths(),
                  request.quota(),
                  request.command(),
                  place.isOwn()));
      try {
        place.show();
        view.limits().listen(hit -> tell(live, new Event.LimitMet(hit)));
      } catch (IOException | RuntimeException e) {
        attach(e, view::close);
        throw e;
      }
      Instant created = Instant.now();
      Duration deadline = request.deadline();
      return new Made(
          view,
          place,
          strategy.name(),
          created,
          deadline == null ? null : created.plus(deadline),
          since(start));
    } catch (IOException | RuntimeException e) {
      attach(e, place::close);
      throw e;
    }
  }

  private static void attach(Exception failure, Closing.Step step) {
    try {
      step.run();
    } catch (IOException e) {
      failure.addSuppressed(e);
    }
  }

  private void watch(LiveView view, @Nullable Duration deadline) {
    if (deadline != null) {
      view.keepTimer(
          timer.schedule(
              () -> closeLater(view, Closed.DEADLINE), deadline.toNanos(), TimeUnit.NANOSECONDS));
    }
  }

  private LiveView find(Caller caller, String name) throws RefusedException {
    LiveView view;
    synchronized (views) {
      view = views.get(name);
    }
    if (view == null || view.made() == null || !caller.mayUse(view.client().uid())) {
      throw new RefusedException(Kind.UNKNOWN, "there is no view '" + name + "'");
    }
    return view;
  }

  private List<LiveView> all() {
    synchronized (views) {
      return List.copyOf(views.values());
    }
  }

  private void closeLater(LiveView view, String reason) {
    closers.execute(() -> close(view, reason));
  }

  private void close(LiveView view, String reason) {
    if (view.close(reason)) {
      var _ = finish(view);
    }
  }

  /** Ends a view that nobody uses. Called once for each that was made. */
  private Closed finish(LiveView live) {
    try {
      Closed closed = end(live);
      live.end().complete(closed);
      return closed;
    } catch (RuntimeException | Error e) {
      forget(live);
      live.end().completeExceptionally(e);
      throw e;
    }
  }

  private Closed end(LiveView live) {
    long start = System.nanoTime();
    live.cancelTimer();
    Made made = live.made();
    if (made == null) {
      throw new IllegalStateException(live.name() + " was never made");
    }
    String problem = "";
    try {
      Closing.all(List.of(made.place()::hide, made.view()::close, made.place()::close));
    } catch (IOException | RuntimeException e) {
      problem = Problems.describe(e);
    }
    ViewState state = live.state();
    String reason = live.closing();
    Closed closed =
        new Closed(reason == null ? Closed.BY_CLIENT : reason, problem, state, since(start));
    forget(live);
    tellFailures(live, state);
    tell(live, new Event.Ended(closed));
    Lease lease = live.lease();
    if (lease != null
        && !closed.reason().equals(Closed.BY_CLIENT)
        && !closed.reason().equals(Closed.LEASE_ENDED)) {
      lease.told().accept(closed);
    }
    return closed;
  }

  private void forget(LiveView view) {
    Lease lease = view.lease();
    if (lease != null) {
      lease.remove(view);
    }
    synchronized (views) {
      views.remove(view.name());
      if (views.isEmpty()) {
        views.notifyAll();
      }
    }
  }

  private void lookForFailures() {
    if (!events.hasListeners()) {
      return;
    }
    for (LiveView view : all()) {
      if (view.enter()) {
        try {
          tellFailures(view, view.state());
        } finally {
          if (view.leave()) {
            var _ = finish(view);
          }
        }
      }
    }
  }

  private void tellFailures(LiveView view, ViewState state) {
    view.untold(state.failures()).forEach(failure -> tell(view, new Event.Failed(failure)));
  }

  private void tell(LiveView view, What what) {
    if (events.hasListeners()) {
      events.tell(new Event(Instant.now(), view.name(), view.client().uid(), view.request(), what));
    }
  }

  private static Duration since(long start) {
    return Duration.ofNanos(System.nanoTime() - start);
  }
}
