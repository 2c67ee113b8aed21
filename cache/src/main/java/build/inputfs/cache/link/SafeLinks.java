package build.inputfs.cache.link;

import build.inputfs.cache.view.View;
import build.inputfs.cache.view.ViewSpec;
import build.inputfs.cache.view.ViewStrategy;
import build.inputfs.cas.meter.Reading;
import build.inputfs.cas.posix.FileStat;
import build.inputfs.cas.posix.Posix;
import build.inputfs.cas.store.BlobSource;
import java.io.IOException;
import java.nio.file.Path;
import java.util.function.Consumer;

/**
 * The strategy {@code hardlink} for whoever has not asked for it: it refuses views whose user could
 * write to the store's own files, as root can, and their owner after chmod(2). Thread-safe. Owns
 * the strategy that makes its views.
 */
public final class SafeLinks implements ViewStrategy {
  private final Posix posix;
  private final BlobSource blobs;
  private final ViewStrategy links;

  /**
   * @param blobs where the inputs' contents are
   * @param links makes the views
   */
  public SafeLinks(Posix posix, BlobSource blobs, ViewStrategy links) {
    this.posix = posix;
    this.blobs = blobs;
    this.links = links;
  }

  @Override
  public String name() {
    return links.name();
  }

  @Override
  public View open(ViewSpec spec) throws IOException {
    if (spec.uid() == 0) {
      throw new IOException("root, who is to own the view, could write to the store's own files");
    }
    Path blob = blobs.locate(spec.root(), false);
    FileStat stat = new FileStat();
    Posix.check(posix.lstat(blob, stat), "stat " + blob);
    if (stat.uid() == spec.uid()) {
      throw new IOException(
          "the view's owner, user %d, owns the store and could write to its files"
              .formatted(spec.uid()));
    }
    return links.open(spec);
  }

  @Override
  public void meter(Consumer<Reading> to) {
    links.meter(to);
  }

  @Override
  public void close() throws IOException {
    links.close();
  }
}
