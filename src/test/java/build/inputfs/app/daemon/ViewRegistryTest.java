package build.inputfs.app.daemon;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import build.inputfs.app.daemon.RefusedException.Kind;
import build.inputfs.app.daemon.ViewRegistry.HeldLease;
import build.inputfs.app.run.CopyStrategy;
import build.inputfs.cache.view.DeclaredOutputs;
import build.inputfs.cache.view.ForwardingView;
import build.inputfs.cache.view.OutputCollector;
import build.inputfs.cache.view.Quota;
import build.inputfs.cache.view.View;
import build.inputfs.cache.view.ViewFailure;
import build.inputfs.cache.view.ViewSpec;
import build.inputfs.cache.view.ViewStrategy;
import build.inputfs.cas.digest.Digest;
import build.inputfs.cas.digest.DigestFunction;
import build.inputfs.cas.posix.Posix;
import build.inputfs.cas.store.LocalStore;
import build.inputfs.cas.store.MissingBlobException;
import build.inputfs.cas.store.StoreAccess;
import build.inputfs.cas.tree.TreeReader;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** The life of views, with a strategy that needs nothing from the machine. */
@Timeout(value = 1, unit = TimeUnit.MINUTES)
class ViewRegistryTest {
  private static final Caller ROOT = new Caller(0, 0, true);
  private static final Caller USER = new Caller(1000, 1000, false);
  private static final Caller OTHER = new Caller(1001, 1001, false);

  @TempDir Path folder;
  private final Posix posix = Posix.load();
  private final Events events = new Events();
  private final List<Event.What> told = new CopyOnWriteArrayList<>();
  private final Gate gate = new Gate();
  private final List<ViewFailure> failures = new CopyOnWriteArrayList<>();
  private LocalStore store;
  private ViewRegistry views;

  /** Holds makers up until it is opened, and counts views that were made and ended. */
  private static final class Gate {
    final AtomicInteger made = new AtomicInteger();
    final AtomicInteger closed = new AtomicInteger();
    final CountDownLatch reached = new CountDownLatch(1);
    final CountDownLatch open = new CountDownLatch(1);
  }

  @BeforeEach
  void open() throws IOException {
    store =
        LocalStore.open(
            folder.resolve("store"),
            DigestFunction.SHA256,
            StoreAccess.READ_WRITE,
            folder.resolve("private"),
            posix);
    views = registry(false);
    events.listen(event -> told.add(event.what()));
  }

  @AfterEach
  void close() throws IOException {
    gate.open.countDown();
    views.close();
    store.close();
  }

  @Test
  void create_thenClose_endsTheViewOnceAndRemovesItsPlace() throws Exception {
    ViewState view = views.create(ROOT, request(ROOT, ""));
    assertThat(view.path()).isDirectory();
    assertThat(views.list(ROOT, "")).extracting(ViewState::name).containsExactly(view.name());

    assertThat(views.close(ROOT, view.name()).get().reason()).isEqualTo(Closed.BY_CLIENT);
    assertThat(view.path()).doesNotExist();
    assertThat(gate.closed).hasValue(1);
    refused(Kind.UNKNOWN, () -> views.close(ROOT, view.name()).join());
    assertThat(told).hasExactlyElementsOfTypes(Event.Created.class, Event.Ended.class);
  }

  @Test
  void close_byManyAtOnce_isDoneOnceAndToldToAll() throws Exception {
    ViewState view = views.create(ROOT, request(ROOT, ""));
    List<CompletableFuture<Void>> all = new ArrayList<>();
    AtomicInteger ended = new AtomicInteger();
    for (int i = 0; i < 16; i++) {
      all.add(
          CompletableFuture.runAsync(
              () -> {
                try {
                  var _ = views.close(ROOT, view.name()).join();
                  ended.incrementAndGet();
                } catch (RefusedException e) {
                  assertThat(e.kind()).isEqualTo(Kind.UNKNOWN); // it was gone by then
                }
              }));
    }
    CompletableFuture.allOf(all.toArray(CompletableFuture[]::new)).get();
    assertThat(ended.get()).isPositive();
    assertThat(gate.closed).hasValue(1);
  }

  @Test
  void lease_thatEndsWhileAViewIsMade_closesIt() throws Exception {
    views.close();
    views = registry(true);
    HeldLease lease = views.lease(ROOT, closed -> {});
    CompletableFuture<ViewState> making = making(request(ROOT, lease.name()));
    gate.reached.await();
    lease.close();
    gate.open.countDown();
    // Its maker is told so, or was told just before that it was made.
    assertThat(making.handle((view, failure) -> failure).get())
        .satisfiesAnyOf(
            failure -> assertThat(failure).isNull(),
            failure ->
                assertThat(failure)
                    .hasRootCauseMessage("the view was closed while it was made: lease ended"));
    assertThat(views.awaitNoViews(Duration.ofSeconds(30))).isTrue();
    assertThat(gate.made).hasValue(1);
    assertThat(gate.closed).hasValue(1);
  }

  @Test
  void lease_thatHasEnded_takesNoViews() throws IOException {
    HeldLease lease = views.lease(USER, closed -> {});
    refused(Kind.UNKNOWN, () -> views.create(OTHER, request(OTHER, lease.name())));
    lease.close();
    refused(Kind.UNKNOWN, () -> views.create(USER, request(USER, lease.name())));
    assertThat(views.size()).isZero();
    assertThat(gate.made).hasValue(0);
  }

  @Test
  void deadline_closesTheViewAndTellsItsLease() throws Exception {
    CompletableFuture<Closed> heard = new CompletableFuture<>();
    HeldLease lease = views.lease(ROOT, heard::complete);
    CompletableFuture<ViewState> making =
        making(request(ROOT, lease.name(), Duration.ofMillis(50), store.function().empty()));
    assertThat(heard.get().reason()).isEqualTo(Closed.DEADLINE);
    // Its maker was told of it, or came too late for that.
    assertThat(making.handle((view, failure) -> failure == null ? view.name() : failure).get())
        .satisfiesAnyOf(
            name -> assertThat(name).isEqualTo(heard.get().view().name()),
            failure ->
                assertThat((Throwable) failure)
                    .hasRootCauseMessage(
                        "the view was closed while it was made: " + Closed.DEADLINE));
    lease.close();
    assertThat(gate.closed).hasValue(1);
  }

  @Test
  void stop_makesNoMoreViews_andCloseEndsThoseThereAre() throws Exception {
    ViewState view = views.create(ROOT, request(ROOT, ""));
    views.stop();
    refused(Kind.STOPPING, () -> views.create(ROOT, request(ROOT, "")));
    refused(Kind.STOPPING, () -> views.lease(ROOT, closed -> {}));
    assertThat(views.awaitNoViews(Duration.ZERO)).isFalse();
    assertThat(views.describe(ROOT, view.name()).path()).isEqualTo(view.path());
    views.close();
    assertThat(views.size()).isZero();
    assertThat(gate.closed).hasValue(1);
  }

  @Test
  void close_whileAViewIsMade_waitsForItsMakerAndEndsIt() throws Exception {
    views.close();
    views = registry(true);
    CompletableFuture<ViewState> making = making(request(ROOT, ""));
    gate.reached.await();
    CompletableFuture<Void> closing = CompletableFuture.runAsync(views::close);
    while (!views.isStopping()) {
      Thread.onSpinWait();
    }
    gate.open.countDown();
    closing.get();
    assertThat(views.size()).isZero();
    assertThat(gate.closed).hasValue(1);
    // Its maker was told so, or just before that it was made.
    assertThat(making.handle((view, failure) -> failure).get())
        .satisfiesAnyOf(
            failure -> assertThat(failure).isNull(),
            failure -> assertThat(failure).hasRootCauseInstanceOf(RefusedException.class));
  }

  @Test
  void users_seeAndChangeTheirOwnViewsAlone() throws Exception {
    Caller daemons = new Caller(USER.uid(), USER.gid(), true);
    ViewState view = views.create(daemons, request(USER, ""));
    assertThat(views.describe(USER, view.name()).name()).isEqualTo(view.name());
    refused(Kind.UNKNOWN, () -> views.describe(OTHER, view.name()));
    refused(Kind.UNKNOWN, () -> views.close(OTHER, view.name()).join());
    refused(Kind.UNKNOWN, () -> views.collect(OTHER, view.name(), null, false));
    assertThat(views.list(OTHER, "")).isEmpty();
    refused(Kind.FORBIDDEN, () -> views.create(OTHER, request(USER, "")));
    assertThat(views.list(ROOT, "")).hasSize(1);
    assertThat(views.list(USER, "")).hasSize(1);
    var _ = views.close(USER, view.name()).get();
    assertThat(views.list(ROOT, "")).isEmpty();
  }

  @Test
  void create_whereTheUserCouldNotEnter_isRefused() {
    refused(Kind.FORBIDDEN, () -> views.create(USER, request(USER, "")));
    assertThat(views.list(ROOT, "")).isEmpty();
  }

  @Test
  void create_ofMoreThanThereMayBe_isRefused() throws Exception {
    List<ViewState> made = new ArrayList<>();
    for (int i = 0; i < 3; i++) {
      made.add(views.create(ROOT, request(ROOT, "")));
    }
    refused(Kind.EXHAUSTED, () -> views.create(ROOT, request(ROOT, "")));
    var _ = views.close(ROOT, made.getFirst().name()).get();
    var _ = views.create(ROOT, request(ROOT, ""));
  }

  @Test
  void create_whenTheRootIsMissing_leavesNothing() throws IOException {
    Digest root = store.function().digest(new byte[] {1});
    assertThatThrownBy(() -> views.create(ROOT, request(ROOT, "", null, root)))
        .isInstanceOf(MissingBlobException.class);
    assertThat(views.size()).isZero();
    assertThat(folder.resolve("views-false")).isEmptyDirectory();
    assertThat(told).hasExactlyElementsOfTypes(Event.NotCreated.class);
  }

  @Test
  void collect_findsWhatWasWritten_asOftenAsAsked() throws Exception {
    ViewState view = views.create(ROOT, request(ROOT, ""));
    Files.writeString(view.path().resolve("made"), "content");
    DeclaredOutputs wanted = DeclaredOutputs.ofPaths(List.of("made"));
    for (int i = 0; i < 2; i++) {
      assertThat(views.collect(ROOT, view.name(), wanted, false).result().getOutputFilesList())
          .extracting(file -> file.getDigest().getSizeBytes())
          .containsExactly(7L);
    }
  }

  @Test
  void failure_ofAViewInUse_isToldOnce() throws Exception {
    ViewState view = views.create(ROOT, request(ROOT, ""));
    ViewFailure failure =
        new ViewFailure("open", "a", null, "missing blob", ViewFailure.Kind.MISSING_BLOB);
    failures.add(failure);
    while (!told.contains(new Event.Failed(failure))) {
      Thread.sleep(10);
    }
    assertThat(views.describe(ROOT, view.name()).failures()).containsExactly(failure);
    var _ = views.close(ROOT, view.name()).get();
    assertThat(told).filteredOn(what -> what instanceof Event.Failed).hasSize(1);
  }

  private CompletableFuture<ViewState> making(ViewRequest request) {
    return CompletableFuture.supplyAsync(
        () -> {
          try {
            return views.create(ROOT, request);
          } catch (IOException e) {
            throw new CompletionException(e);
          }
        },
        task -> Thread.ofPlatform().start(task));
  }

  private interface Call {
    @Nullable Object run() throws IOException;
  }

  private static void refused(Kind kind, Call call) {
    assertThatThrownBy(call::run)
        .isInstanceOfSatisfying(RefusedException.class, e -> assertThat(e.kind()).isEqualTo(kind));
  }

  private ViewRequest request(Caller owner, String lease) {
    return request(owner, lease, null, store.function().empty());
  }

  private static ViewRequest request(
      Caller owner, String lease, @Nullable Duration deadline, Digest root) {
    return new ViewRequest(
        root,
        null,
        "",
        owner.uid(),
        owner.gid(),
        false,
        DeclaredOutputs.ofPaths(List.of()),
        Quota.NONE,
        deadline,
        lease,
        new Correlation("", "", "", ""),
        List.of());
  }

  private ViewRegistry registry(boolean gated) throws IOException {
    TreeReader trees = new TreeReader(store, TreeReader.DEFAULT_CACHE_BYTES);
    ViewStrategy strategy = new Counting(new CopyStrategy(store, trees, failures), gate, gated);
    return new ViewRegistry(
        posix,
        new StrategySet(new LinkedHashMap<>(Map.of(strategy.name(), strategy)), strategy),
        trees,
        new OutputCollector(store, store),
        Files.createDirectory(folder.resolve("views-" + gated)),
        false,
        events,
        "test",
        3);
  }

  /**
   * @param gated whether makers wait at the gate
   */
  private record Counting(ViewStrategy strategy, Gate gate, boolean gated) implements ViewStrategy {
    @Override
    public String name() {
      return strategy.name();
    }

    @Override
    public View open(ViewSpec spec) throws IOException {
      if (gated) {
        gate.reached.countDown();
        try {
          gate.open.await();
        } catch (InterruptedException e) {
          throw new AssertionError(e);
        }
      }
      View view = strategy.open(spec);
      gate.made.incrementAndGet();
      return new Counted(view, gate);
    }

    @Override
    public void close() throws IOException {
      strategy.close();
    }
  }

  /** A view whose end is counted. */
  private static final class Counted extends ForwardingView {
    private final Gate gate;

    Counted(View view, Gate gate) {
      super(view);
      this.gate = gate;
    }

    @Override
    public void close() throws IOException {
      gate.closed.incrementAndGet();
      super.close();
    }
  }
}
