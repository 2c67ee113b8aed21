package build.inputfs.cache.link;

import build.inputfs.cas.digest.Digest;
import build.inputfs.cas.digest.DigestFunction;
import build.inputfs.cas.tree.InputDirectory;
import build.inputfs.cas.tree.InvalidTreeException;
import build.inputfs.cas.tree.TreeReader;
import com.github.benmanes.caffeine.cache.Cache;
import com.github.benmanes.caffeine.cache.Caffeine;
import java.io.ByteArrayOutputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Cuts trees into parts: each directory with so many entries, all levels together, is one.
 *
 * <p>A part's key is made from what is in the part alone. So where a file changes, its directory's
 * digest and those of all directories above it change, but of the parts only the one that has the
 * file. What is known of a directory is remembered by its digest, so that a tree that differs from
 * a known one costs the directories that differ. Thread-safe.
 */
final class TreePlans {
  /** Directories that are remembered, at some hundred bytes each. */
  private static final long MAX_KNOWN = 100_000;

  private static final String KEY_VERSION = "inputfs part 1";

  private final TreeReader reader;
  private final long threshold;
  private final Cache<Digest, Known> known =
      Caffeine.newBuilder().maximumSize(MAX_KNOWN).executor(Runnable::run).build();

  /**
   * What is known of a directory.
   *
   * @param bytes size of all files in and below it, of large directories only those of its part
   * @param entries number of all files, directories and symlinks, itself included
   * @param height how many directories are on the longest way down, itself included
   * @param part null for a small directory
   */
  private record Known(long bytes, long entries, int height, @Nullable Part part) {}

  /**
   * @param threshold how many entries make a directory large
   */
  TreePlans(TreeReader reader, long threshold) {
    this.reader = reader;
    this.threshold = threshold;
  }

  /** The part that has the root of this tree, with all others by its joints. */
  Part of(Digest root) throws IOException {
    Known top = look(root, root, 1);
    return top.part != null ? top.part : new Part(root, root, 0, List.of(), top.bytes, top.entries);
  }

  private Known look(Digest root, Digest digest, int level) throws IOException {
    Known found = known.getIfPresent(digest);
    int height = level - 1 + (found == null ? 1 : found.height);
    if (height > TreeReader.MAX_DEPTH) {
      throw new InvalidTreeException(
          root, "the tree is more than " + TreeReader.MAX_DEPTH + " levels deep");
    }
    if (found == null) {
      found = read(root, digest, level);
      known.put(digest, found);
    }
    return found;
  }

  private Known read(Digest root, Digest digest, int level) throws IOException {
    InputDirectory directory = reader.directory(digest);
    long entries = 1; // all
    long own = 1; // those of this part
    long bytes = 0;
    int height = 1;
    int levels = 0;
    List<Part.Joint> joints = new ArrayList<>();
    for (int i = 0; i < directory.size(); i++) {
      switch (directory.kind(i)) {
        case FILE -> {
          entries++;
          own++;
          bytes += directory.fileSize(i);
        }
        case SYMLINK -> {
          entries++;
          own++;
        }
        case DIRECTORY -> {
          Known child = look(root, directory.digest(i), level + 1);
          entries = Math.min(entries + child.entries, Long.MAX_VALUE / 2);
          height = Math.max(height, 1 + child.height);
          if (child.part == null) {
            own += child.entries;
            bytes += child.bytes;
          } else {
            own++;
            levels = Math.max(levels, 1 + child.part.levels());
            String name = new String(directory.name(i), StandardCharsets.UTF_8);
            joints.add(new Part.Joint(name, child.part));
          }
        }
      }
    }
    if (entries < threshold) {
      return new Known(bytes, entries, height, null);
    }
    Digest key = joints.isEmpty() ? digest : key(directory, levels, joints);
    Part part = new Part(key, digest, levels, List.copyOf(joints), bytes, own);
    return new Known(bytes, entries, height, part);
  }

  /** Names all that is said of a directory, but for what its large directories have in them. */
  private static Digest key(InputDirectory directory, int levels, List<Part.Joint> joints)
      throws IOException {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    DataOutputStream out = new DataOutputStream(bytes);
    out.writeUTF(KEY_VERSION);
    out.writeInt(levels);
    out.writeInt(directory.ownUnixMode());
    writeTime(out, directory.hasOwnMtime(), directory.ownMtimeSeconds(), directory.ownMtimeNanos());
    int joint = 0;
    for (int i = 0; i < directory.size(); i++) {
      String name = new String(directory.name(i), StandardCharsets.UTF_8);
      out.writeUTF(directory.kind(i).name());
      out.writeUTF(name);
      switch (directory.kind(i)) {
        case FILE -> {
          out.writeUTF(directory.digest(i).toString());
          out.writeBoolean(directory.executable(i));
          writeProperties(out, directory, i);
        }
        case SYMLINK -> {
          byte[] target = directory.target(i);
          out.writeInt(target.length);
          out.write(target);
          writeProperties(out, directory, i);
        }
        case DIRECTORY -> {
          boolean large = joint < joints.size() && joints.get(joint).name().equals(name);
          out.writeBoolean(large);
          if (large) {
            joint++;
          } else {
            out.writeUTF(directory.digest(i).toString());
          }
        }
      }
    }
    return DigestFunction.SHA256.digest(bytes.toByteArray());
  }

  private static void writeProperties(DataOutputStream out, InputDirectory directory, int i)
      throws IOException {
    out.writeInt(directory.unixMode(i));
    writeTime(out, directory.hasMtime(i), directory.mtimeSeconds(i), directory.mtimeNanos(i));
  }

  private static void writeTime(DataOutputStream out, boolean given, long seconds, int nanos)
      throws IOException {
    out.writeBoolean(given);
    out.writeLong(given ? seconds : 0);
    out.writeInt(given ? nanos : 0);
  }
}
