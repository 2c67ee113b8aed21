package build.inputfs.cache.link;

import build.inputfs.cache.view.Quota;
import build.inputfs.cache.view.View;
import build.inputfs.cache.view.ViewSpec;
import build.inputfs.cache.view.ViewStrategy;
import build.inputfs.cas.digest.Digest;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

/** Opens and ends a view in a process that may not mount: {@code FOLDER ROOT PATH}. */
final class InPlace {
  private InPlace() {}

  public static void main(String[] arguments) throws IOException {
    Path folder = Path.of(arguments[0]);
    Path path = Path.of(arguments[2]);
    try (LinkFixture fixture = new LinkFixture(folder);
        ViewStrategy strategy =
            RealTreeStrategy.open(
                fixture.posix,
                Mechanism.LINK,
                fixture.store,
                fixture.reader,
                folder.resolve("scratch"),
                new CacheFolder(folder.resolve("caches")),
                2)) {
      ViewSpec spec =
          new ViewSpec(Digest.parse(arguments[1]), path, 0, 0, false, List.of("out/x"), Quota.NONE);
      View view = strategy.open(spec);
      Files.writeString(path.resolve("d/written"), "by the action");
      boolean right =
          view.mechanism().equals("hardlink, in place")
              && Files.readString(path.resolve("d/a")).equals("A")
              && Files.isDirectory(path.resolve("out"))
              && fixture.mode(path) == 0755;
      view.close();
      if (!right) {
        throw new IOException(view.mechanism() + " " + fixture.dump(path));
      }
    }
  }
}
