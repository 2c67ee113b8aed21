package build.inputfs.cache.view;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import build.inputfs.cas.digest.Digest;
import build.inputfs.cas.digest.DigestFunction;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

/** The first that works is used, and says so. */
final class FirstWorkingStrategyTest {
  private static final Digest ROOT = DigestFunction.SHA256.digest(new byte[0]);
  private final List<String> told = new ArrayList<>();

  @Test
  void open_passesOverWhatDoesNotWork_andSaysWhy() throws IOException {
    Small broken = new Small("broken", "no such thing here");
    Small good = new Small("good", "");
    try (FirstWorkingStrategy strategy =
        new FirstWorkingStrategy(List.of(broken, good), told::add)) {
      strategy.open(spec()).close();
      strategy.open(spec()).close();
      assertThat(strategy.name()).isEqualTo("good");
    }
    assertThat(broken.asked).isEqualTo(1);
    assertThat(good.asked).isEqualTo(2);
    assertThat(told)
        .containsExactly(
            "the strategy broken does not work here: no such thing here",
            "views are made by the strategy good");
    assertThat(broken.closed && good.closed).isTrue();
  }

  @Test
  void open_afterOneHasWorked_triesNoOther() throws IOException {
    Small first = new Small("first", "");
    Small second = new Small("second", "");
    FirstWorkingStrategy strategy = new FirstWorkingStrategy(List.of(first, second), told::add);
    strategy.open(spec()).close();
    first.refusal = "mount point busy";
    assertThatThrownBy(() -> strategy.open(spec())).hasMessage("mount point busy");
    assertThat(second.asked).isZero();
  }

  @Test
  void open_whereNoneWorks_failsWithAllReasons() {
    FirstWorkingStrategy strategy =
        new FirstWorkingStrategy(List.of(new Small("a", "one"), new Small("b", "two")), told::add);
    assertThatThrownBy(() -> strategy.open(spec()))
        .hasMessage("two")
        .satisfies(e -> assertThat(e.getSuppressed()[0]).hasMessage("one"));
  }

  @Test
  void late_opensItsStrategyForTheFirstViewAndClosesIt() throws IOException {
    List<Small> opened = new ArrayList<>();
    LateStrategy.Opener opener =
        () -> {
          opened.add(new Small("late", ""));
          return opened.getLast();
        };
    new LateStrategy("never", opener).close();
    assertThat(opened).isEmpty();
    try (LateStrategy late = new LateStrategy("late", opener)) {
      assertThat(late.name()).isEqualTo("late");
      late.open(spec()).close();
      late.open(spec()).close();
    }
    assertThat(opened).hasSize(1);
    assertThat(opened.getFirst().closed).isTrue();
  }

  private static ViewSpec spec() {
    return new ViewSpec(ROOT, Path.of("/nowhere"), 0, 0, false, List.of(), Quota.NONE);
  }

  /** A strategy whose views are nothing at all. */
  private static final class Small implements ViewStrategy {
    private final String name;
    private String refusal;
    private int asked;
    private boolean closed;

    Small(String name, String refusal) {
      this.name = name;
      this.refusal = refusal;
    }

    @Override
    public String name() {
      return name;
    }

    @Override
    public View open(ViewSpec spec) throws IOException {
      asked++;
      if (!refusal.isEmpty()) {
        throw new IOException(refusal);
      }
      return new EmptyView(spec.path());
    }

    @Override
    public void close() {
      closed = true;
    }
  }
}
