package build.inputfs.app.run;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import build.inputfs.cas.posix.Signals;
import java.io.IOException;
import java.io.InterruptedIOException;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(value = 1, unit = TimeUnit.MINUTES)
final class InterruptionTest {
  private final Interruption interruption = new Interruption();

  @Test
  void check_whenNoSignalCame_goesOn() {
    interruption.check();

    assertThat(interruption.received()).isNull();
  }

  @Test
  void check_whenSignalsCame_givesUpWithTheFirst() {
    interruption.signal(Signals.TERM);
    interruption.signal(Signals.INT);

    assertThatThrownBy(interruption::check)
        .isInstanceOfSatisfying(
            StoppedException.class, e -> assertThat(e.exitCode()).isEqualTo(128 + 15));
  }

  @Test
  void forwardTo_handsOnWhatCameBeforeAndUntilItIsClosed() {
    List<Signals> received = new ArrayList<>();
    interruption.signal(Signals.INT);
    interruption.signal(Signals.INT);
    try (Interruption.Forwarding _ = interruption.forwardTo(received::add)) {
      interruption.signal(Signals.HUP);
    }
    interruption.signal(Signals.TERM);

    assertThat(received).containsExactly(Signals.INT, Signals.INT, Signals.HUP);
  }

  @Test
  void interruptibly_whenASignalComes_interruptsTheWorkAndNothingAfterIt() {
    assertThatThrownBy(
            () ->
                interruption.interruptibly(
                    () -> {
                      interruption.signal(Signals.TERM);
                      throw waitForever();
                    }))
        .isInstanceOf(StoppedException.class);
    assertThat(Thread.currentThread().isInterrupted()).isFalse();
  }

  @Test
  void interruptibly_whenTheWorkFailsByItself_saysWhy() {
    assertThatThrownBy(
            () ->
                interruption.interruptibly(
                    () -> {
                      throw new IOException("disk full");
                    }))
        .isInstanceOf(IOException.class)
        .hasMessage("disk full");
  }

  @Test
  void interruptibly_whenASignalComesAtTheVeryEnd_givesUpNevertheless() {
    assertThatThrownBy(
            () ->
                interruption.interruptibly(
                    () -> {
                      interruption.signal(Signals.TERM);
                      return 1;
                    }))
        .isInstanceOf(StoppedException.class);
    assertThat(Thread.currentThread().isInterrupted()).isFalse();
  }

  private static IOException waitForever() {
    try {
      while (true) {
        Thread.sleep(1000);
      }
    } catch (InterruptedException e) {
      return new InterruptedIOException();
    }
  }
}
