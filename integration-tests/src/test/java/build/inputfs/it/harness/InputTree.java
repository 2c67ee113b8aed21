package build.inputfs.it.harness;

import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.Arrays;
import java.util.Comparator;
import java.util.Map;
import java.util.Objects;
import java.util.SortedMap;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * An input tree as a test describes it. From one description come the {@code Directory} messages in
 * a store, a folder to import, and the private copy that a view must be like.
 *
 * <p>Not thread-safe while it is being described. Directories on the way to a path are there by
 * themselves.
 */
public final class InputTree {
  /** The time of an input that has none of its own. */
  public static final Instant DEFAULT_TIME = Instant.parse("2000-01-01T00:00:00Z");

  private sealed interface Node {
    Properties properties();
  }

  private record Directory(SortedMap<String, Node> entries, Properties properties)
      implements Node {}

  @SuppressWarnings("ArrayRecordComponent") // never compared
  private record RegularFile(byte[] content, boolean executable, Properties properties)
      implements Node {}

  private record Symlink(String target, Properties properties) implements Node {}

  /** REAPI's {@code NodeProperties}, as far as we know them. */
  private record Properties(@Nullable Integer mode, @Nullable Instant time) {
    static final Properties NONE = new Properties(null, null);

    boolean any() {
      return mode != null || time != null;
    }

    WireMessage toMessage() {
      WireMessage message = new WireMessage();
      Instant at = time;
      if (at != null) {
        message.message(
            2, new WireMessage().number(1, at.getEpochSecond()).number(2, at.getNano()));
      }
      Integer bits = mode;
      if (bits != null) {
        message.message(3, new WireMessage().number(1, bits));
      }
      return message;
    }
  }

  private static final Comparator<String> BY_BYTES =
      (a, b) ->
          Arrays.compareUnsigned(
              a.getBytes(StandardCharsets.UTF_8), b.getBytes(StandardCharsets.UTF_8));

  private Directory root = new Directory(new TreeMap<>(BY_BYTES), Properties.NONE);

  public InputTree file(String path, String content) {
    return file(path, content.getBytes(StandardCharsets.UTF_8));
  }

  public InputTree file(String path, byte[] content) {
    return put(path, new RegularFile(content, false, Properties.NONE));
  }

  public InputTree executable(String path, String content) {
    return put(
        path, new RegularFile(content.getBytes(StandardCharsets.UTF_8), true, Properties.NONE));
  }

  public InputTree symlink(String path, String target) {
    return put(path, new Symlink(target, Properties.NONE));
  }

  public InputTree directory(String path) {
    return put(path, new Directory(new TreeMap<>(BY_BYTES), Properties.NONE));
  }

  /** Gives what is at a path its own mode bits and its own time, each as node properties. */
  public InputTree withProperties(String path, @Nullable Integer mode, @Nullable Instant time) {
    Properties properties = new Properties(mode, time);
    if (path.isEmpty()) {
      root = new Directory(root.entries, properties);
      return this;
    }
    Directory parent = parentOf(path);
    String name = nameOf(path);
    parent.entries.computeIfPresent(
        name,
        (key, node) ->
            switch (node) {
              case Directory d -> new Directory(d.entries, properties);
              case RegularFile f -> new RegularFile(f.content, f.executable, properties);
              case Symlink s -> new Symlink(s.target, properties);
            });
    return this;
  }

  /** Stores the tree's messages and its files. */
  public BlobName putInto(TestStore store) {
    return put(root, store);
  }

  /** The name of the blob with a file's content. */
  public BlobName blobAt(String path) {
    if (parentOf(path).entries.get(nameOf(path)) instanceof RegularFile file) {
      return BlobName.of(file.content);
    }
    throw new IllegalArgumentException(path);
  }

  /**
   * What {@link FsOps} is to do in an empty directory to make the tree as somebody has it who has
   * not heard of us: with the mode bits that people use and the time of now.
   */
  public String scriptAsSource() {
    StringBuilder script = new StringBuilder();
    make("", root, false, script);
    return script.toString();
  }

  /** What {@link FsOps} is to do in an empty directory to make the private copy. */
  public String scriptAsCopy() {
    StringBuilder script = new StringBuilder();
    make("", root, true, script);
    return script.toString();
  }

  /**
   * The bytes that a seed stands for, as the operations {@code fill} and {@code putfill} make them.
   */
  public static byte[] pattern(int length, int seed) {
    byte[] bytes = new byte[length];
    int state = seed * (int) 2654435761L + 1;
    for (int i = 0; i < length; i++) {
      state = state * 1664525 + 1013904223;
      bytes[i] = (byte) (state >>> 24);
    }
    return bytes;
  }

  private static void make(String path, Node node, boolean copy, StringBuilder script) {
    String at = path.isEmpty() ? "." : FsOps.escape(path);
    switch (node) {
      case Directory directory -> {
        if (!path.isEmpty()) {
          script.append("mkdir ").append(at).append(" 0755\n");
        }
        directory.entries.forEach(
            (name, child) -> make(path.isEmpty() ? name : path + "/" + name, child, copy, script));
        if (copy) {
          script.append("chmod ").append(at).append(' ');
          script.append(modeOf(directory.properties, 0755)).append('\n');
        }
      }
      case RegularFile file -> {
        int mode = copy ? (file.executable ? 0555 : 0444) : (file.executable ? 0755 : 0644);
        script.append("put ").append(at).append(' ');
        script.append(copy ? modeOf(file.properties, mode) : Integer.toOctalString(mode));
        script.append(' ').append(FsOps.escape(file.content)).append('\n');
      }
      case Symlink symlink ->
          script
              .append("symlink ")
              .append(FsOps.escape(symlink.target))
              .append(' ')
              .append(at)
              .append('\n');
    }
    if (copy) {
      Instant time = Objects.requireNonNullElse(node.properties().time(), DEFAULT_TIME);
      String stamp = String.format("%d.%09d", time.getEpochSecond(), time.getNano());
      script
          .append("lutimens ")
          .append(at)
          .append(' ')
          .append(stamp)
          .append(' ')
          .append(stamp)
          .append('\n');
    }
  }

  private static String modeOf(Properties properties, int otherwise) {
    return Integer.toOctalString(Objects.requireNonNullElse(properties.mode, otherwise));
  }

  private static BlobName put(Directory directory, TestStore store) {
    WireMessage files = new WireMessage();
    WireMessage directories = new WireMessage();
    WireMessage symlinks = new WireMessage();
    for (Map.Entry<String, Node> entry : directory.entries.entrySet()) {
      WireMessage node = new WireMessage().text(1, entry.getKey());
      switch (entry.getValue()) {
        case RegularFile file -> {
          node.message(2, store.put(file.content).toMessage()).number(4, file.executable ? 1 : 0);
          if (file.properties.any()) {
            node.message(6, file.properties.toMessage());
          }
          files.message(1, node);
        }
        case Directory child ->
            directories.message(2, node.message(2, put(child, store).toMessage()));
        case Symlink symlink -> {
          node.text(2, symlink.target);
          if (symlink.properties.any()) {
            node.message(4, symlink.properties.toMessage());
          }
          symlinks.message(3, node);
        }
      }
    }
    WireMessage whole = new WireMessage().append(files).append(directories).append(symlinks);
    if (directory.properties.any()) {
      whole.message(5, directory.properties.toMessage());
    }
    return store.put(whole);
  }

  private InputTree put(String path, Node node) {
    parentOf(path).entries.put(nameOf(path), node);
    return this;
  }

  private Directory parentOf(String path) {
    Directory at = root;
    String[] parts = path.split("/", -1);
    for (int i = 0; i < parts.length - 1; i++) {
      Node next =
          at.entries.computeIfAbsent(
              parts[i], name -> new Directory(new TreeMap<>(BY_BYTES), Properties.NONE));
      if (!(next instanceof Directory directory)) {
        throw new IllegalArgumentException(path);
      }
      at = directory;
    }
    return at;
  }

  private static String nameOf(String path) {
    return path.substring(path.lastIndexOf('/') + 1);
  }
}
