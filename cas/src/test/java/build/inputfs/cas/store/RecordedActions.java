package build.inputfs.cas.store;

import java.io.IOException;
import java.net.URISyntaxException;
import java.net.URL;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Objects;
import java.util.stream.Stream;

/** The disk cache of a small build by Bazel with remote execution, recorded: 8 actions. */
public final class RecordedActions {
  private RecordedActions() {}

  /** Copies the disk cache, as Bazel left it, to {@code target}, which is made. */
  public static Path copyTo(Path target) throws IOException {
    URL resource =
        Objects.requireNonNull(RecordedActions.class.getResource("/bazel-actions"), "resource");
    try {
      Path source = Path.of(resource.toURI());
      try (Stream<Path> files = Files.walk(source)) {
        for (Path file : files.toList()) {
          Files.copy(file, target.resolve(source.relativize(file).toString()));
        }
      }
    } catch (URISyntaxException e) {
      throw new IOException(e);
    }
    return target;
  }
}
