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
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * The files that say which trees of a cache are complete: one for each, named by its digest, made
 * when the tree is in place. A tree without one is a leftover. Thread-safe for different digests.
 */
record Marks(Path folder) {
  private static final String VERSION = "inputfs tree 2";
  private static final String TEMPORARY = ".new";

  /** The name of a tree's files. */
  static String name(Digest key) {
    return key.hex() + "-" + key.size();
  }

  void write(CachedTree tree) throws IOException {
    StringBuilder text = new StringBuilder(VERSION);
    text.append('\n').append(tree.source);
    text.append('\n').append(tree.bytes).append(' ').append(tree.entries);
    text.append(' ').append(tree.seal).append('\n');
    for (String joint : tree.joints) {
      text.append(joint.replace("\\", "\\\\").replace("\n", "\\n")).append('\n');
    }
    text.append("end\n");
    Path temporary = folder.resolve(name(tree.key) + TEMPORARY);
    Files.writeString(temporary, text);
    Files.move(temporary, folder.resolve(name(tree.key)), StandardCopyOption.ATOMIC_MOVE);
  }

  void delete(Digest key) throws IOException {
    Files.deleteIfExists(folder.resolve(name(key)));
  }

  /**
   * The trees, in the folder {@code trees}, of all marks that can be read; what cannot is deleted.
   */
  List<CachedTree> readAll(Path trees) throws IOException {
    List<CachedTree> found = new ArrayList<>();
    try (DirectoryStream<Path> files = Files.newDirectoryStream(folder)) {
      for (Path file : files) {
        CachedTree tree = read(file, trees);
        if (tree == null) {
          Files.delete(file);
        } else {
          found.add(tree);
        }
      }
    }
    return found;
  }

  private static @Nullable CachedTree read(Path file, Path trees) throws IOException {
    List<String> lines;
    try {
      lines = Files.readAllLines(file, StandardCharsets.UTF_8);
    } catch (CharacterCodingException e) {
      return null;
    }
    if (lines.size() < 4 || !lines.getFirst().equals(VERSION) || !lines.getLast().equals("end")) {
      return null;
    }
    try {
      String name = String.valueOf(file.getFileName());
      String[] numbers = lines.get(2).split(" ", -1);
      Set<String> joints = new HashSet<>();
      lines.subList(3, lines.size() - 1).forEach(line -> joints.add(unescape(line)));
      return new CachedTree(
          Digest.parse(name),
          Digest.parse(lines.get(1)),
          trees.resolve(name),
          Long.parseLong(numbers[0]),
          Long.parseLong(numbers[1]),
          Long.parseLong(numbers[2]),
          joints);
    } catch (InvalidDigestException | NumberFormatException | IndexOutOfBoundsException e) {
      return null;
    }
  }

  private static String unescape(String text) {
    StringBuilder name = new StringBuilder();
    for (int i = 0; i < text.length(); i++) {
      char c = text.charAt(i);
      if (c == '\\' && i + 1 < text.length()) {
        i++;
        c = text.charAt(i) == 'n' ? '\n' : '\\';
      }
      name.append(c);
    }
    return name.toString();
  }
}
