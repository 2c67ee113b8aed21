package build.inputfs.cas.life;

import static org.assertj.core.api.Assertions.assertThat;

import build.inputfs.cas.store.Lease;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;

/** When what was kept as it was new is to be looked at again. */
final class NewBlobsTest {
  private final AtomicInteger told = new AtomicInteger();
  private final NewBlobs fresh = new NewBlobs(told::incrementAndGet);

  private Lease put(String key) {
    long number = fresh.begin();
    fresh.note(key, number);
    return fresh.lease(number, false);
  }

  @Test
  void put_forWhichNothingHadToStay_endsUnnoticed() {
    put("a").close();
    assertThat(fresh.contains("a")).isFalse();
    assertThat(fresh.ended()).isZero();
    assertThat(told).hasValue(0);
  }

  @Test
  void put_forWhichItsOwnBlobHadToStay_isToldOnce() {
    Lease put = put("a");
    assertThat(fresh.contains("a")).isTrue();
    put.close();
    put.close();
    put("b").close();
    assertThat(fresh.contains("a")).isFalse();
    assertThat(fresh.ended()).isEqualTo(1);
    assertThat(told).hasValue(1);
  }

  @Test
  void work_keepsWhatIsPutMeanwhile_andTheEndsOfThosePutsAreOfNoConcern() {
    Lease work = fresh.lease(fresh.begin(), true);
    put("a").close();
    assertThat(fresh.contains("a")).isTrue();
    put("b").close();
    assertThat(told).hasValue(0);
    work.close();
    assertThat(fresh.contains("a")).isFalse();
    assertThat(told).hasValue(1);
  }
}
