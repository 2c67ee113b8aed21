package build.inputfs.fuse.jnr;

import build.inputfs.fuse.vfs.DirectorySink;
import build.inputfs.fuse.vfs.Entry;
import build.inputfs.fuse.vfs.FileSystem;
import build.inputfs.fuse.vfs.Status;
import java.nio.charset.StandardCharsets;
import java.text.Normalizer;
import java.util.Arrays;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/**
 * Finds names as a disk does that keeps the case of letters and ignores it, and takes accents
 * composed or not for the same, as macOS has them. The name as it is written comes first, so two
 * names that differ in case alone can both be reached. Stateless: any thread may call any method.
 */
final class NameFolding {
  private final FileSystem fs;

  NameFolding(FileSystem fs) {
    this.fs = fs;
  }

  /** The name in a directory that {@code name} means, where it is written otherwise; else null. */
  @Nullable Name find(long directory, Name name) {
    Search search = new Search(key(name.bytes, 0, name.bytes.length));
    Status status = fs.readdir(directory, 2, search);
    return status == Status.OK ? search.found : null;
  }

  static String key(byte[] name, int start, int length) {
    String text = new String(name, start, length, StandardCharsets.UTF_8);
    return Normalizer.normalize(text, Normalizer.Form.NFD).toLowerCase(Locale.ROOT);
  }

  /** Looks at all names; of several that fit the first in the order of their bytes is taken. */
  private static final class Search implements DirectorySink {
    private final String key;
    @Nullable Name found;

    Search(String key) {
      this.key = key;
    }

    @Override
    public boolean hasRoom(int nameLength) {
      return true;
    }

    @Override
    public boolean wantsNodes() {
      return false;
    }

    @Override
    public void add(byte[] names, int start, int length, Entry entry, long next) {
      if (key(names, start, length).equals(key)) {
        Name candidate = new Name(names, start, start + length);
        if (found == null || Arrays.compareUnsigned(candidate.bytes, found.bytes) < 0) {
          found = candidate;
        }
      }
    }
  }
}
