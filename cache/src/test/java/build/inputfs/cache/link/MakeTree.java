package build.inputfs.cache.link;

import build.inputfs.cas.digest.Digest;
import java.io.IOException;
import java.nio.file.Path;

/** Makes one tree in a process of its own: {@code FOLDER ROOT DESTINATION}. */
final class MakeTree {
  private MakeTree() {}

  public static void main(String[] arguments) throws IOException {
    try (LinkFixture fixture = new LinkFixture(Path.of(arguments[0]))) {
      fixture.make(Digest.parse(arguments[1]), Path.of(arguments[2]), Mechanism.LINK);
    }
  }
}
