package build.inputfs.it.random;

import java.util.ArrayList;
import java.util.List;
import java.util.NavigableMap;
import java.util.Random;
import java.util.TreeMap;

/**
 * An endless row of random operations. It keeps a rough idea of what names there are, from what it
 * is told has succeeded, so that most operations find what they need and the others fail in many
 * ways. Used by one thread; the same seed and the same answers give the same row.
 */
final class Operations {
  private static final int SLOTS = 16;
  private static final int MANY_NAMES = 250;
  private static final int DEEPEST = 6;
  private static final String LONG_NAME = "a-long-name-".repeat(8);
  private static final List<String> NAMES =
      List.of("a", "b", "c", "d", "e", "f", "g", "h", "%C3%BC", "with%20space", "%FF", LONG_NAME);
  private static final List<String> MODES =
      List.of("0644", "0600", "0755", "0444", "0555", "0666", "0777", "0000", "01777");
  private static final List<String> OWNERS =
      List.of("0 0", "0 0", "12345 12345", "12345 23456", "23456 23456");

  private enum Kind {
    FILE,
    DIRECTORY,
    SYMLINK,
    FIFO
  }

  private final Random random;
  private final boolean setsIds;
  private final NavigableMap<String, Kind> names = new TreeMap<>();

  /**
   * @param setsIds whether files get set-user-ID and set-group-ID bits
   */
  Operations(long seed, boolean setsIds) {
    random = new Random(seed);
    this.setsIds = setsIds;
  }

  /** Tells of a name that is there from the start. */
  void knowDirectory(String path) {
    names.put(path, Kind.DIRECTORY);
  }

  void knowFile(String path) {
    names.put(path, Kind.FILE);
  }

  void knowSymlink(String path) {
    names.put(path, Kind.SYMLINK);
  }

  /** The next operation, as a line for {@link build.inputfs.it.harness.FsOps}. */
  String next() {
    int dice = random.nextInt(1000);
    if (names.size() > MANY_NAMES && dice < 300) {
      return random.nextInt(6) == 0 ? "rmdir " + any(Kind.DIRECTORY) : "unlink " + any();
    }
    return switch (dice / 10) {
      case 0, 1, 2, 3, 4 ->
          "open " + slot() + " " + fresh() + " " + access() + "|O_CREAT" + more() + " " + mode();
      case 5, 6, 7, 8, 9, 10, 11 ->
          "open " + slot() + " " + any(Kind.FILE) + " " + access() + more();
      case 12 -> "open " + slot() + " " + any(Kind.DIRECTORY) + " O_RDONLY|O_DIRECTORY";
      case 13 -> "open " + slot() + " " + any(Kind.DIRECTORY) + " O_TMPFILE|O_RDWR " + mode();
      case 14 ->
          "openat "
              + slot()
              + " "
              + slot()
              + " "
              + name()
              + " "
              + access()
              + "|O_CREAT"
              + more()
              + " "
              + mode();
      case 15 -> "reopen " + slot() + " " + slot() + " " + access() + more();
      case 16 -> "dup " + slot() + " " + slot();
      case 17, 18, 19 -> "close " + slot();
      case 20, 21, 22 -> "write " + slot() + " text-" + random.nextInt(1000);
      case 23, 24, 25 -> "pwrite " + slot() + " " + offset() + " at-" + random.nextInt(1000);
      case 26, 27 -> "fill " + slot() + " " + offset() + " " + length() + " " + random.nextInt(100);
      case 28 -> "fill " + slot() + " -1 " + length() + " " + random.nextInt(100);
      case 29, 30, 31, 32 -> "pread " + slot() + " " + offset() + " " + length();
      case 33, 34 -> "read " + slot() + " " + length();
      case 35 -> "seek " + slot() + " " + offset() + " " + pick("SET", "CUR", "END");
      case 36 -> "seek " + slot() + " " + offset() + " " + pick("SET", "END");
      case 37 -> "ftruncate " + slot() + " " + offset();
      case 38 -> "truncate " + any(Kind.FILE) + " " + offset();
      case 39 ->
          "fallocate "
              + slot()
              + " "
              + pick("0", "KEEP_SIZE", "PUNCH_HOLE|KEEP_SIZE", "ZERO_RANGE", "ZERO_RANGE|KEEP_SIZE")
              + " "
              + offset()
              + " "
              + length();
      case 40, 41 ->
          "copy " + slot() + " " + offset() + " " + slot() + " " + offset() + " " + length();
      case 42 -> "sendfile " + slot() + " " + slot() + " " + length();
      case 43 -> pick("fsync ", "fdatasync ") + slot();
      case 44, 45 -> "fstat " + slot();
      case 46 -> "fchmod " + slot() + " " + anyMode();
      case 47 -> "fchown " + slot() + " " + owner();
      case 48 -> "futimens " + slot() + " " + time() + " " + time();
      case 49 ->
          pick(
              "ofdlock "
                  + slot()
                  + " "
                  + pick("RDLCK", "WRLCK", "UNLCK")
                  + " "
                  + random.nextInt(10)
                  + " "
                  + random.nextInt(10),
              "flock " + slot() + " " + pick("SH|NB", "EX|NB", "UN"));
      case 50, 51, 52 -> "cat " + any();
      case 53, 54, 55 -> "lstat " + any();
      case 56 -> "stat " + any();
      case 57 -> "same " + any() + " " + any();
      case 58 -> "access " + any() + " " + pick("R_OK", "W_OK", "X_OK", "R_OK|W_OK", "F_OK");
      case 59, 60, 61 -> "mkdir " + fresh() + " " + mode();
      case 62, 63 -> "rmdir " + any(Kind.DIRECTORY);
      case 64, 65, 66 -> "unlink " + any();
      case 67, 68, 69, 70 -> "rename " + any() + " " + fresh();
      case 71, 72, 73 -> "rename " + any() + " " + any();
      case 74 -> "rename " + any() + " " + any() + " " + pick("NOREPLACE", "EXCHANGE");
      case 75 ->
          "rename "
              + any(Kind.DIRECTORY)
              + " "
              + pick(fresh(), any(Kind.DIRECTORY))
              + " "
              + pick("0", "EXCHANGE");
      case 76, 77 -> "link " + any(Kind.FILE) + " " + fresh();
      case 78 -> "linkfile " + slot() + " " + fresh();
      case 79 -> "symlink " + pick(any(), name(), "../" + name(), "/no/such") + " " + fresh();
      case 80 -> "readlink " + any(Kind.SYMLINK);
      case 81 -> "mknod " + fresh() + " " + pick("FIFO", "REG") + " " + mode();
      case 82, 83 -> "chmod " + any() + " " + anyMode();
      case 84 -> "lchown " + any() + " " + owner();
      case 85 -> "chown " + any() + " " + owner();
      case 86 -> "utimens " + any() + " " + time() + " " + time();
      case 87 -> "lutimens " + any() + " " + time() + " " + time();
      case 88, 89, 90 -> "list " + any(Kind.DIRECTORY);
      case 91 -> "count " + any(Kind.DIRECTORY);
      case 92 -> "put " + fresh() + " " + mode() + " text-" + random.nextInt(100);
      case 93 -> "putfill " + fresh() + " " + mode() + " " + length() + " " + random.nextInt(100);
      case 94 -> "umask " + pick("022", "022", "0", "077", "027");
      case 95 -> "as " + pick("0 0", "0 0", "12345 12345", "23456 23456");
      case 96 -> "as 0 0";
      case 97 -> "getfl " + slot();
      case 98 -> "exec ./" + any(Kind.FILE);
      default -> "chmod " + any(Kind.DIRECTORY) + " " + pick("0777", "0755", "01777");
    };
  }

  /** Tells that an operation has succeeded. */
  void succeeded(String operation) {
    String[] words = operation.split(" ", -1);
    switch (words[0]) {
      case "open" -> {
        if (words[3].contains("O_CREAT")) {
          names.put(words[2], Kind.FILE);
        }
      }
      case "put", "putfill" -> names.put(words[1], Kind.FILE);
      case "mkdir" -> names.put(words[1], Kind.DIRECTORY);
      case "mknod" -> names.put(words[1], words[2].equals("FIFO") ? Kind.FIFO : Kind.FILE);
      case "symlink" -> names.put(words[2], Kind.SYMLINK);
      case "link" -> names.put(words[2], names.getOrDefault(words[1], Kind.FILE));
      case "linkfile" -> names.put(words[2], Kind.FILE);
      case "unlink", "rmdir" -> names.remove(words[1]);
      case "rename" -> renamed(words[1], words[2], words.length > 3 && words[3].equals("EXCHANGE"));
      default -> {}
    }
  }

  private void renamed(String from, String to, boolean exchange) {
    NavigableMap<String, Kind> moved = take(from);
    NavigableMap<String, Kind> replaced = take(to);
    moved.forEach((path, kind) -> names.put(to + path, kind));
    if (exchange) {
      replaced.forEach((path, kind) -> names.put(from + path, kind));
    }
  }

  /** Removes a name and all below it; their paths are given relative to it. */
  private NavigableMap<String, Kind> take(String path) {
    NavigableMap<String, Kind> taken = new TreeMap<>();
    Kind kind = names.remove(path);
    if (kind != null) {
      taken.put("", kind);
    }
    NavigableMap<String, Kind> below = names.subMap(path + "/", true, path + "0", false);
    below.forEach((child, childKind) -> taken.put(child.substring(path.length()), childKind));
    below.clear();
    return taken;
  }

  private String any() {
    if (random.nextInt(20) == 0) {
      return pick(
          ".",
          "no-such",
          any(Kind.FILE) + "/below",
          any(Kind.DIRECTORY) + "/..",
          any(Kind.DIRECTORY) + "/",
          any(Kind.FILE) + "/",
          LONG_NAME + "x",
          fresh());
    }
    return names.isEmpty() ? "none" : pick(new ArrayList<>(names.keySet()));
  }

  private String any(Kind kind) {
    if (random.nextInt(20) == 0 && !names.isEmpty()) {
      return pick(new ArrayList<>(names.keySet()));
    }
    List<String> fitting = new ArrayList<>();
    names.forEach(
        (path, its) -> {
          if (its == kind) {
            fitting.add(path);
          }
        });
    return fitting.isEmpty() ? (kind == Kind.DIRECTORY ? "." : "none") : pick(fitting);
  }

  /** A path that probably has no file yet, in a directory that probably is there. */
  private String fresh() {
    String parent = random.nextInt(6) == 0 ? "." : any(Kind.DIRECTORY);
    if (parent.chars().filter(c -> c == '/').count() >= DEEPEST) {
      parent = ".";
    }
    return parent.equals(".") ? name() : parent + "/" + name();
  }

  private String name() {
    return pick(NAMES);
  }

  private int slot() {
    return random.nextInt(SLOTS);
  }

  private String access() {
    // Never without O_NONBLOCK: a FIFO would keep its opener waiting.
    return pick(
        "O_RDONLY|O_NONBLOCK", "O_RDWR|O_NONBLOCK", "O_RDWR|O_NONBLOCK", "O_WRONLY|O_NONBLOCK");
  }

  private String more() {
    return pick("", "", "", "", "|O_TRUNC", "|O_APPEND", "|O_EXCL", "|O_NOFOLLOW", "|O_SYNC");
  }

  private String mode() {
    return pick(MODES);
  }

  /** Set-group-ID always with the group's execute bit, which a umask could take away. */
  private String anyMode() {
    return setsIds && random.nextInt(5) == 0 ? pick("06755", "04711", "02775") : mode();
  }

  private String owner() {
    return pick(OWNERS);
  }

  private String time() {
    return pick("now", "omit", random.nextInt(900_000_000) + "." + random.nextInt(10), "1.5");
  }

  private String offset() {
    return String.valueOf(
        switch (random.nextInt(8)) {
          case 0 -> 0;
          case 1 -> random.nextInt(64) * 4096;
          case 2 -> random.nextInt(1_000_000);
          case 3 -> 4095;
          default -> random.nextInt(9000);
        });
  }

  private String length() {
    return String.valueOf(
        switch (random.nextInt(8)) {
          case 0 -> 0;
          case 1 -> 4096;
          case 2 -> random.nextInt(200_000);
          default -> random.nextInt(5000);
        });
  }

  private String pick(String... choices) {
    return choices[random.nextInt(choices.length)];
  }

  private String pick(List<String> choices) {
    return choices.get(random.nextInt(choices.size()));
  }
}
