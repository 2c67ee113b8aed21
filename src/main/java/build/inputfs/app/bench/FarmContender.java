package build.inputfs.app.bench;

import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.OptionalLong;

/** A farm of hard links, as {@code cp -al} makes it and {@code rm -rf} removes it. */
final class FarmContender extends PlainContender {
  static final String NAME = "cp-al";

  private final Probe probe;
  private final Path folder;
  private final Path view;

  /**
   * @param folder takes its views; empty
   */
  FarmContender(Probe probe, Path folder) {
    super(NAME, "a farm of hard links: made by cp -al, removed by rm -rf");
    this.probe = probe;
    this.folder = folder;
    this.view = folder.resolve(NAME);
  }

  @Override
  Made makeView(InputTree tree) throws IOException {
    long nanos;
    try {
      nanos = probe.run(folder, List.of("cp", "-al", tree.directory().toString(), name()));
      long start = System.nanoTime();
      tree.applyTo(view);
      nanos += System.nanoTime() - start;
    } catch (RefusedException e) {
      var _ = remove();
      throw e;
    }
    return new Made(view, OptionalLong.of(nanos), this::remove);
  }

  private OptionalLong remove() throws IOException {
    return OptionalLong.of(probe.run(folder, List.of("rm", "-rf", name())));
  }
}
