package build.inputfs.cache.view;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import build.inputfs.cache.view.Quota.Limit;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

final class QuotaTest {
  @Test
  void refuse_whereNothingIsLimited_doesNothing() {
    assertThatCode(() -> Quota.NONE.refuse("s", "why")).doesNotThrowAnyException();
    assertThatThrownBy(() -> new Quota(0, 5).refuse("s", "why"))
        .isInstanceOf(IOException.class)
        .hasMessage("the strategy s cannot limit its scratch: why");
    assertThatThrownBy(() -> new Quota(-1, 0)).isInstanceOf(IllegalArgumentException.class);
  }

  @Test
  void record_ofAKnownLimit_tellsNobodyAgain() {
    LimitHits hits = new LimitHits(new Quota(1 << 20, 10));
    List<String> told = new ArrayList<>();
    hits.listen(hit -> told.add("early " + hit.limit()));
    hits.record(Limit.FILES, true);
    hits.record(Limit.FILES, false);
    hits.listen(hit -> told.add("late " + hit.limit()));
    hits.record(Limit.BYTES, false);
    assertThat(hits.all())
        .containsExactly(
            new LimitHit(Limit.FILES, 10, true), new LimitHit(Limit.BYTES, 1 << 20, false));
    assertThat(hits.all())
        .extracting(LimitHit::toString)
        .containsExactly(
            "the scratch's limit of 10 files was reached",
            "the scratch's limit of 1,048,576 bytes was passed");
    assertThat(told).containsExactly("early FILES", "late FILES", "early BYTES", "late BYTES");
  }
}
