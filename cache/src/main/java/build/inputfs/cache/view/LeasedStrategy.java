package build.inputfs.cache.view;

import build.inputfs.cas.meter.Reading;
import build.inputfs.cas.store.BlobSource;
import build.inputfs.cas.store.Lease;
import java.io.IOException;
import java.util.function.Consumer;

/**
 * A strategy whose views each have a lease on their input tree's blobs, from before to after; what
 * will be needed of them is expected.
 */
public final class LeasedStrategy implements ViewStrategy {
  private final ViewStrategy strategy;
  private final BlobSource blobs;

  /**
   * @param strategy makes the views; closed with this one
   * @param blobs where the input trees are
   */
  public LeasedStrategy(ViewStrategy strategy, BlobSource blobs) {
    this.strategy = strategy;
    this.blobs = blobs;
  }

  @Override
  public String name() {
    return strategy.name();
  }

  @Override
  public View open(ViewSpec spec) throws IOException {
    Lease lease = blobs.lease(spec.root());
    Lease expected = blobs.expect(spec.root(), spec.command());
    try {
      return new LeasedView(strategy.open(spec), lease, expected);
    } catch (IOException | RuntimeException | Error e) {
      expected.close();
      lease.close();
      throw e;
    }
  }

  @Override
  public void meter(Consumer<Reading> to) {
    strategy.meter(to);
  }

  @Override
  public void close() throws IOException {
    strategy.close();
  }

  private static final class LeasedView extends ForwardingView {
    private final Lease lease;
    private final Lease expected;

    LeasedView(View view, Lease lease, Lease expected) {
      super(view);
      this.lease = lease;
      this.expected = expected;
    }

    @Override
    public void close() throws IOException {
      try (lease;
          expected) {
        super.close();
      }
    }
  }
}
