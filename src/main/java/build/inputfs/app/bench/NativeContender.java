package build.inputfs.app.bench;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.OptionalLong;
import org.jspecify.annotations.Nullable;

/** The directory itself, on the native disk: what all others are measured against. */
final class NativeContender extends PlainContender {
  static final String NAME = "native";

  NativeContender() {
    super(NAME, "the directory itself, on the native disk");
  }

  @Override
  Made makeView(InputTree tree) throws IOException {
    Map<String, byte @Nullable []> replaced = tree.replaced();
    tree.applyTo(tree.directory());
    return new Made(
        tree.directory(),
        OptionalLong.empty(),
        () -> {
          restore(tree.directory(), replaced);
          return OptionalLong.empty();
        });
  }

  private static void restore(Path directory, Map<String, byte @Nullable []> replaced)
      throws IOException {
    for (Map.Entry<String, byte @Nullable []> file : replaced.entrySet()) {
      Path path = directory.resolve(file.getKey());
      Files.delete(path);
      byte @Nullable [] content = file.getValue();
      if (content != null) {
        Files.write(path, content);
      }
    }
  }
}
