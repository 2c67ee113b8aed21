package build.inputfs.cache.link;

import java.io.IOException;
import java.nio.file.Path;

/** Says that another process has a directory cache open. */
public final class CacheInUseException extends IOException {
  CacheInUseException(Path folder) {
    super("the directory cache in " + folder + " is in use by another process");
  }
}
