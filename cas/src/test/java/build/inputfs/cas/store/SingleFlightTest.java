package build.inputfs.cas.store;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.io.InterruptedIOException;
import java.nio.channels.ClosedByInterruptException;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.FutureTask;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

@Timeout(60)
final class SingleFlightTest {
  private final SingleFlight<String, Integer> flight = new SingleFlight<>();
  private final AtomicInteger runs = new AtomicInteger();
  private final CountDownLatch begun = new CountDownLatch(1);
  private final CountDownLatch go = new CountDownLatch(1);

  private record Caller(Thread thread, FutureTask<Integer> result) {}

  private static Caller start(Callable<Integer> work) {
    FutureTask<Integer> task = new FutureTask<>(work);
    return new Caller(Thread.ofPlatform().start(task), task);
  }

  /** Starts callers until each waits for the one that works. */
  private List<Caller> startWaiting(int count) throws Exception {
    List<Caller> callers = new ArrayList<>();
    for (int i = 0; i < count; i++) {
      callers.add(start(() -> flight.run("key", runs::incrementAndGet)));
    }
    for (Caller caller : callers) {
      while (caller.thread().getState() != Thread.State.WAITING) {
        assertThat(caller.thread().isAlive()).isTrue();
        Thread.onSpinWait();
      }
    }
    return callers;
  }

  @Test
  void run_byMany_worksOnceForAllOfThem() throws Exception {
    Caller leader =
        start(
            () ->
                flight.run(
                    "key",
                    () -> {
                      begun.countDown();
                      await(go);
                      return 100 + runs.incrementAndGet();
                    }));
    begun.await();
    List<Caller> waiting = startWaiting(8);
    assertThat(flight.run("other", () -> 7)).isEqualTo(7);
    go.countDown();
    assertThat(leader.result().get()).isEqualTo(101);
    for (Caller caller : waiting) {
      assertThat(caller.result().get()).isEqualTo(101);
    }
    assertThat(runs).hasValue(1);
  }

  @Test
  void run_thatFails_tellsAllWhoWaitAndRemembersNothing() throws Exception {
    Caller leader =
        start(
            () ->
                flight.run(
                    "key",
                    () -> {
                      begun.countDown();
                      await(go);
                      throw new IOException("disk");
                    }));
    begun.await();
    List<Caller> waiting = startWaiting(4);
    go.countDown();
    assertThatThrownBy(leader.result()::get).hasRootCauseMessage("disk");
    for (Caller caller : waiting) {
      assertThatThrownBy(caller.result()::get).hasRootCauseMessage("disk");
    }
    assertThat(runs).hasValue(0);
    assertThat(flight.run("key", runs::incrementAndGet)).isEqualTo(1);
  }

  @ParameterizedTest
  @ValueSource(booleans = {false, true})
  void invariant8_runThatIsInterrupted_failsForItselfAlone(boolean channel) throws Exception {
    IOException interruption =
        channel ? new ClosedByInterruptException() : new InterruptedIOException();
    Caller leader =
        start(
            () ->
                flight.run(
                    "key",
                    () -> {
                      begun.countDown();
                      try {
                        await(go);
                      } catch (InterruptedIOException e) {
                        throw interruption;
                      }
                      throw new IllegalStateException("not interrupted");
                    }));
    begun.await();
    List<Caller> waiting = startWaiting(3);
    leader.thread().interrupt();
    for (Caller caller : waiting) {
      assertThat(caller.result().get()).isBetween(1, 3);
    }
    assertThatThrownBy(leader.result()::get).hasCause(interruption);
  }

  @Test
  void invariant8_waiterThatIsInterrupted_leavesTheOthersWaiting() throws Exception {
    Caller leader =
        start(
            () ->
                flight.run(
                    "key",
                    () -> {
                      begun.countDown();
                      await(go);
                      return 5;
                    }));
    begun.await();
    List<Caller> waiting = startWaiting(2);
    waiting.get(0).thread().interrupt();
    assertThatThrownBy(waiting.get(0).result()::get)
        .hasCauseInstanceOf(InterruptedIOException.class);
    go.countDown();
    assertThat(waiting.get(1).result().get()).isEqualTo(5);
    assertThat(leader.result().get()).isEqualTo(5);
  }

  private static void await(CountDownLatch latch) throws InterruptedIOException {
    try {
      latch.await();
    } catch (InterruptedException e) {
      throw new InterruptedIOException("interrupted");
    }
  }
}
