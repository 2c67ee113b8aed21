package build.inputfs.cache.view;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import build.inputfs.cas.digest.Digest;
import build.inputfs.cas.digest.DigestFunction;
import build.inputfs.cas.store.BlobSource;
import build.inputfs.cas.store.Lease;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

final class LeasedStrategyTest {
  private static final Digest ROOT =
      DigestFunction.SHA256.digest("root".getBytes(StandardCharsets.UTF_8));

  /** What happened, in order. */
  private final List<String> events = new ArrayList<>();

  private final BlobSource blobs =
      new BlobSource() {
        @Override
        public DigestFunction function() {
          return DigestFunction.SHA256;
        }

        @Override
        public Path locate(Digest digest, boolean executable) throws IOException {
          throw new IOException("there are none");
        }

        @Override
        public byte[] read(Digest digest, int limit) throws IOException {
          throw new IOException("there are none");
        }

        @Override
        public Lease lease(Digest root) {
          assertThat(root).isEqualTo(ROOT);
          events.add("leased");
          return () -> events.add("lease closed");
        }
      };

  private ViewStrategy strategy(boolean works) {
    return new ViewStrategy() {
      @Override
      public String name() {
        return "fake";
      }

      @Override
      public View open(ViewSpec spec) throws IOException {
        events.add("opened");
        if (!works) {
          throw new IOException("does not work");
        }
        return new FakeView(events);
      }

      @Override
      public void close() {
        events.add("strategy closed");
      }
    };
  }

  /** One that cannot be removed wholly. */
  private static final class FakeView extends EmptyView {
    private final List<String> events;

    FakeView(List<String> events) {
      super(Path.of("/somewhere"));
      this.events = events;
    }

    @Override
    public void close() throws IOException {
      events.add("closed");
      throw new IOException("something was left");
    }
  }

  private static ViewSpec spec() {
    return new ViewSpec(ROOT, Path.of("/somewhere"), 0, 0, false, List.of(), Quota.NONE);
  }

  @Test
  void view_hasALeaseFromBeforeItIsMadeUntilItIsGone() throws IOException {
    ViewStrategy leased = new LeasedStrategy(strategy(true), blobs);
    View view = leased.open(spec());
    assertThat(events).containsExactly("leased", "opened");
    assertThatThrownBy(view::close).hasMessage("something was left");
    leased.close();
    assertThat(events)
        .containsExactly("leased", "opened", "closed", "lease closed", "strategy closed");
  }

  @Test
  void open_thatFails_leavesNoLease() {
    ViewStrategy leased = new LeasedStrategy(strategy(false), blobs);
    assertThatThrownBy(() -> leased.open(spec())).hasMessage("does not work");
    assertThat(events).containsExactly("leased", "opened", "lease closed");
  }
}
