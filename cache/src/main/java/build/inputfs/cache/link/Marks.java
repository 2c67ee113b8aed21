package build.inputfs.cache.link;

import build.inputfs.cas.digest.Digest;
import build.inputfs.cas.digest.InvalidDigestException;
import java.io.IOException;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * The files that say which trees of a cache are complete: one for each, named by its digest, made
 * when the tree is in place. A tree without one is a leftover. Thread-safe for different digests.
 */
record Marks(Path folder) {
  private static final String VERSION = "inputfs tree 1";
  private static final String TEMPORARY = ".new";

  /** What a mark says: the fields of {@link CachedTree}, and the digests of its joints. */
  record Mark(Digest digest, long bytes, long entries, long seal, List<Joint> joints) {
    record Joint(String path, Digest digest) {}
  }

  /** The name of a tree's files. */
  static String name(Digest digest) {
    return digest.hex() + "-" + digest.size();
  }

  void write(CachedTree tree) throws IOException {
    StringBuilder text = new StringBuilder(VERSION);
    text.append('\n').append(tree.bytes).append(' ').append(tree.entries);
    text.append(' ').append(tree.seal).append('\n');
    for (CachedTree.Joint joint : tree.joints) {
      text.append(joint.tree().digest).append(' ');
      text.append(joint.path().replace("\\", "\\\\").replace("\n", "\\n")).append('\n');
    }
    text.append("end\n");
    Path temporary = folder.resolve(name(tree.digest) + TEMPORARY);
    Files.writeString(temporary, text);
    Files.move(temporary, folder.resolve(name(tree.digest)), StandardCopyOption.ATOMIC_MOVE);
  }

  void delete(Digest digest) throws IOException {
    Files.deleteIfExists(folder.resolve(name(digest)));
  }

  /** All marks that can be read; what cannot is deleted. */
  List<Mark> readAll() throws IOException {
    List<Mark> marks = new ArrayList<>();
    try (DirectoryStream<Path> files = Files.newDirectoryStream(folder)) {
      for (Path file : files) {
        Mark mark = read(file);
        if (mark == null) {
          Files.delete(file);
        } else {
          marks.add(mark);
        }
      }
    }
    return marks;
  }

  private static @Nullable Mark read(Path file) throws IOException {
    List<String> lines;
    try {
      lines = Files.readAllLines(file, StandardCharsets.UTF_8);
    } catch (CharacterCodingException e) {
      return null;
    }
    if (lines.size() < 3 || !lines.getFirst().equals(VERSION) || !lines.getLast().equals("end")) {
      return null;
    }
    try {
      Digest digest = Digest.parse(String.valueOf(file.getFileName()));
      String[] numbers = lines.get(1).split(" ", -1);
      List<Mark.Joint> joints = new ArrayList<>();
      for (String line : lines.subList(2, lines.size() - 1)) {
        int blank = line.indexOf(' ');
        String path = unescape(line.substring(blank + 1));
        joints.add(new Mark.Joint(path, Digest.parse(line.substring(0, blank))));
      }
      return new Mark(
          digest,
          Long.parseLong(numbers[0]),
          Long.parseLong(numbers[1]),
          Long.parseLong(numbers[2]),
          joints);
    } catch (InvalidDigestException | NumberFormatException | IndexOutOfBoundsException e) {
      return null;
    }
  }

  private static String unescape(String text) {
    StringBuilder path = new StringBuilder();
    for (int i = 0; i < text.length(); i++) {
      char c = text.charAt(i);
      if (c == '\\' && i + 1 < text.length()) {
        i++;
        c = text.charAt(i) == 'n' ? '\n' : '\\';
      }
      path.append(c);
    }
    return path.toString();
  }
}
