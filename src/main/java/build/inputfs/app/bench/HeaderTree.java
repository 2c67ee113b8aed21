package build.inputfs.app.bench;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;

/**
 * A tree of C headers, as a program with large libraries has them, and a few C files that need some
 * hundreds of these: {@code include/library/part/…/name.h} and {@code src/0.c} to {@code 7.c}.
 *
 * <p>The headers that are needed are spread over the whole tree and form a binary tree: number
 * <i>n</i> includes 2<i>n</i>+1 and 2<i>n</i>+2. Each C file needs most of the branches of the
 * third level. The compiler looks for each in several folders, so that it asks for many a name that
 * does not exist, as it does in real programs. Immutable once made.
 */
final class HeaderTree {
  /** How many C files there are. */
  static final int SOURCES = 8;

  private static final int HEADERS_PER_DIRECTORY = 12;
  private static final int MIN_HEADERS = 64;
  private static final int MAX_NEEDED = 511;
  private static final int LIBRARIES = 40;
  private static final List<String> FOLDERS = List.of("src", "generated", "include", "third_party");
  private static final int BRANCHES = 8;
  private static final int FIRST_BRANCH = BRANCHES - 1;

  private final List<String> headers;
  private final int needed;

  /**
   * @param count how many headers there are, 64 at least
   */
  HeaderTree(int count) {
    this.headers = names(Math.max(MIN_HEADERS, count));
    this.needed = Math.min(headers.size(), MAX_NEEDED);
  }

  /** The headers' paths below {@code include}; those that are needed are spread evenly. */
  private static List<String> names(int count) {
    Random random = new Random(count);
    List<String> directories = new ArrayList<>();
    int wanted = Math.max(1, count / HEADERS_PER_DIRECTORY);
    for (int i = 0; i < Math.min(LIBRARIES, wanted); i++) {
      directories.add("library" + i);
    }
    while (directories.size() < wanted) {
      String parent = directories.get(random.nextInt(directories.size()));
      directories.add(parent + "/part" + directories.size());
    }
    List<String> names = new ArrayList<>();
    for (int i = 0; i < count; i++) {
      names.add(directories.get(i % directories.size()) + "/header" + i + ".h");
    }
    return names;
  }

  /** Makes the tree in the new directory {@code root}. */
  void make(Path root) throws IOException {
    Files.createDirectory(root);
    for (String folder : FOLDERS) {
      Files.createDirectory(root.resolve(folder));
    }
    Path include = root.resolve("include");
    for (int i = 0; i < headers.size(); i++) {
      Path file = include.resolve(headers.get(i));
      Files.createDirectories(file.getParent());
      Files.writeString(file, header(i, ""));
    }
    for (int i = 0; i < SOURCES; i++) {
      Files.writeString(root.resolve(source(i)), sourceText(i, ""));
    }
  }

  /** The path of a C file. */
  static String source(int i) {
    return "src/" + i + ".c";
  }

  /** The paths of all C files. */
  static List<String> sources() {
    List<String> sources = new ArrayList<>();
    for (int i = 0; i < SOURCES; i++) {
      sources.add(source(i));
    }
    return sources;
  }

  /** Compiles C files, in the root of the tree; the object files are put there. */
  static List<String> compile(String compiler, List<String> sources) {
    List<String> command = new ArrayList<>(List.of(compiler, "-pipe", "-w", "-O1"));
    FOLDERS.forEach(folder -> command.add("-I" + folder));
    command.add("-c");
    command.addAll(sources);
    return command;
  }

  /** Deletes the object files that {@link #compile} has made of all C files. */
  static List<String> clean() {
    List<String> command = new ArrayList<>(List.of("rm", "-f"));
    for (int i = 0; i < SOURCES; i++) {
      command.add(i + ".o");
    }
    return command;
  }

  /** The path of a header deep in the tree that most C files need. */
  String deepHeader() {
    return "include/" + header(deepest());
  }

  /** Another text for {@link #deepHeader}. */
  String changedDeepHeader(String remark) {
    return header(deepest() * stride(), remark);
  }

  private int deepest() {
    int deepest = FIRST_BRANCH;
    for (int n = FIRST_BRANCH; n < needed; n++) {
      if (depth(header(n)) > depth(header(deepest))) {
        deepest = n;
      }
    }
    return deepest;
  }

  private static int depth(String path) {
    return path.split("/", -1).length;
  }

  private int stride() {
    return headers.size() / needed;
  }

  /** The path of a header that is needed. */
  private String header(int n) {
    return headers.get(n * stride());
  }

  /** The text of any header. */
  private String header(int i, String remark) {
    StringBuilder text = new StringBuilder(4096);
    text.append("#ifndef HEADER_").append(i).append("\n#define HEADER_").append(i).append('\n');
    text.append("/* ").append(remark).append(" */\n");
    int n = i % stride() == 0 ? i / stride() : needed;
    for (int child = 2 * n + 1; n < needed && child <= 2 * n + 2 && child < needed; child++) {
      text.append("#include <").append(header(child)).append(">\n");
    }
    for (int k = 0; k < 12; k++) {
      String name = "h" + i + "_" + k;
      text.append(
          """
          /* What %1$s is for, its unit, and who may change it: the words that headers have,
             so that there is as much to read and to skip as there is in them. */
          struct %1$s { int kind; long size; const char *name; struct %1$s *next; };
          static inline long %1$s_size(const struct %1$s *it) { return it->size + %2$d; }
          """
              .formatted(name, k));
    }
    return text.append("#endif\n").toString();
  }

  /** The text of a C file, which needs all branches but two. */
  String sourceText(int i, String remark) {
    StringBuilder text = new StringBuilder("#include <stdio.h>\n");
    text.append("/* ").append(remark).append(" */\n");
    StringBuilder body = new StringBuilder();
    for (int branch = 0; branch < BRANCHES; branch++) {
      if (branch != i % BRANCHES && branch != (i + 3) % BRANCHES) {
        int n = FIRST_BRANCH + branch;
        text.append("#include <").append(header(n)).append(">\n");
        body.append("  sum += h%1$d_1_size((const struct h%1$d_1 *)it);\n".formatted(n * stride()));
      }
    }
    return text.append("long use")
        .append(i)
        .append("(const void *it) {\n  long sum = 0;\n")
        .append(body)
        .append("  printf(\"%ld\", sum);\n  return sum;\n}\n")
        .toString();
  }
}
