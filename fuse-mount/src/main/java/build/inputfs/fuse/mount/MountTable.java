package build.inputfs.fuse.mount;

import build.inputfs.cas.posix.Host;
import build.inputfs.cas.posix.MacMounts;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * The mounts that this process sees, read from {@code /proc/self/mountinfo} (proc(5)), or on macOS
 * by getfsstat(2). Looking there touches no mount, so it cannot hang on one.
 *
 * @param mounts in the order in which they were made: of two on one path the later one is seen
 */
public record MountTable(List<Line> mounts) {

  /**
   * One mount.
   *
   * @param id unique among the present mounts
   * @param device of the filesystem, as {@code major:minor}
   * @param path the mount point
   * @param type the filesystem's type, such as {@code fuse.inputfs}
   * @param source what it was mounted from
   * @param shown which of the filesystem's directories is seen there
   * @param options those of the filesystem itself, as the kernel writes them
   */
  public record Line(
      long id, String device, Path path, String type, String source, String shown, String options) {

    /**
     * Whether this is a mount of inputfs: a filesystem that it serves, an overlay it made, or a
     * real tree.
     */
    public boolean isOurs() {
      return type.equals(FUSE_TYPE) || isOverlay() || isRealTree();
    }

    /** Whether a view's scratch is here, in memory. */
    public boolean isScratch() {
      return type.equals("tmpfs") && source.equals(SOURCE);
    }

    /** Whether a real tree is shown here, by a bind mount: of a process, or of a cache. */
    public boolean isRealTree() {
      return REAL_TREE.matcher(shown).find();
    }

    /** Whether this is an overlay of inputfs whose scratch is in a folder. */
    public boolean isOverlayIn(Path folder) {
      Path upper = upper();
      return upper != null && upper.startsWith(folder);
    }

    /** Where an overlay of inputfs has what is written in it; else null. */
    public @Nullable Path upper() {
      Matcher matcher = UPPER.matcher(options);
      return isOverlay() && matcher.find()
          ? Path.of(matcher.group(1).replaceAll("\\\\(.)", "$1"))
          : null;
    }

    private boolean isOverlay() {
      return type.equals("overlay") && source.equals(SOURCE);
    }

    /** The folder of the session that serves it, where a filesystem of inputfs names one. */
    public @Nullable Path session() {
      return type.equals(FUSE_TYPE) && source.startsWith(SESSION)
          ? Path.of(source.substring(SESSION.length()))
          : null;
    }
  }

  /** Where real trees are, and what the kernel adds when one was removed. */
  private static final Pattern REAL_TREE =
      Pattern.compile(
          "/(session-[^/]+/trees-[^/]+/[0-9]+|(hardlink|clone|copy)-[0-9]+-[0-9]+/trees/[^/]+)"
              + "(//deleted)?$");

  /** The type of the filesystems that inputfs serves. */
  public static final String FUSE_TYPE = "fuse.inputfs";

  /** In the options of an overlay; a backslash takes a comma for a part of the path. */
  private static final Pattern UPPER = Pattern.compile(",upperdir=((?:[^,\\\\]|\\\\.)*)");

  /** What all mounts of inputfs name as their source, or its beginning. */
  public static final String SOURCE = "inputfs";

  private static final String SESSION = SOURCE + ":";

  /** The source for filesystems that live as long as the process whose session has this folder. */
  public static String source(Path session) {
    return SESSION + session;
  }

  /** The mounts as they are now. */
  public static MountTable read() throws IOException {
    if (Host.isMac()) {
      return of(MacMounts.read());
    }
    // Paths are bytes; Latin-1 keeps each until it is decoded as the file names of this JVM are.
    String text = Files.readString(Path.of("/proc/self/mountinfo"), StandardCharsets.ISO_8859_1);
    return parse(text);
  }

  /** Mounts of macOS. There the type is macFUSE's; who made a mount is told by its source alone. */
  static MountTable of(List<MacMounts.Mounted> mounts) {
    return new MountTable(mounts.stream().map(MountTable::line).toList());
  }

  private static Line line(MacMounts.Mounted mount) {
    boolean ours = mount.source().equals(SOURCE) || mount.source().startsWith(SESSION);
    String type = ours ? FUSE_TYPE : mount.type();
    return new Line(mount.id(), "", Path.of(mount.path()), type, mount.source(), "/", "");
  }

  /** Reads the text of a mountinfo file. */
  public static MountTable parse(String text) {
    List<Line> lines = new ArrayList<>();
    for (String line : text.split("\n", -1)) {
      String[] fields = line.split(" ", -1);
      int separator = 6;
      while (separator < fields.length && !fields[separator].equals("-")) {
        separator++;
      }
      if (separator + 2 < fields.length) {
        lines.add(
            new Line(
                Long.parseLong(fields[0]),
                fields[2],
                Path.of(unescape(fields[4])),
                fields[separator + 1],
                unescape(fields[separator + 2]),
                unescape(fields[3]),
                separator + 3 < fields.length ? unescape(fields[separator + 3]) : ""));
      }
    }
    return new MountTable(List.copyOf(lines));
  }

  /** The mounts in a folder, whichever way down. */
  public List<Line> below(Path folder) {
    return mounts.stream().filter(line -> line.path().startsWith(folder)).toList();
  }

  /** The mount that is seen at {@code path}, if it is a mount point. */
  public @Nullable Line at(Path path) {
    Line found = null;
    for (Line line : mounts) {
      if (line.path().equals(path)) {
        found = line;
      }
    }
    return found;
  }

  /** Whether there are mounts on what is below a path. */
  public boolean hasBelow(Path path) {
    return mounts.stream()
        .anyMatch(line -> line.path().startsWith(path) && !line.path().equals(path));
  }

  /** Whether the mount with this number is still there, whatever its path is. */
  public boolean has(long id) {
    return mounts.stream().anyMatch(line -> line.id() == id);
  }

  /** Space, tab, newline and backslash are written as three octal digits. */
  private static String unescape(String field) {
    byte[] bytes = field.getBytes(StandardCharsets.ISO_8859_1);
    int length = 0;
    for (int i = 0; i < bytes.length; i++, length++) {
      if (bytes[i] == '\\' && i + 3 < bytes.length) {
        bytes[length] =
            (byte) ((bytes[i + 1] - '0') << 6 | (bytes[i + 2] - '0') << 3 | bytes[i + 3] - '0');
        i += 3;
      } else {
        bytes[length] = bytes[i];
      }
    }
    return new String(bytes, 0, length, StandardCharsets.UTF_8);
  }
}
