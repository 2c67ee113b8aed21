package build.inputfs.app.doctor;

import build.inputfs.fuse.mount.MountTable;
import java.nio.file.Path;
import java.util.List;

/** Something that a process of inputfs which died has left. */
public sealed interface Leftover {

  /** Where it is. */
  Path path();

  /** What it is, for people. */
  String what();

  /**
   * A mount whose process has died.
   *
   * @param line what the mount table says of it
   * @param users the processes that still use it, as far as this one may see: id and name
   */
  record StaleMount(MountTable.Line line, List<String> users) implements Leftover {
    public StaleMount {
      users = List.copyOf(users);
    }

    @Override
    public Path path() {
      return line.path();
    }

    @Override
    public String what() {
      String what = "stale mount (" + kind(line) + ")";
      return users.isEmpty() ? what : what + ", still used by " + String.join(", ", users);
    }
  }

  /** A mount of which nobody can say whether its process lives: it is not touched. */
  record DoubtfulMount(MountTable.Line line, String reason) implements Leftover {
    @Override
    public Path path() {
      return line.path();
    }

    @Override
    public String what() {
      return "mount (" + kind(line) + "): " + reason;
    }
  }

  /** The folder of a session: scratches, and the mount points of forests and views. */
  record StaleFolder(Path path) implements Leftover {
    @Override
    public String what() {
      return "folder of a process that died";
    }
  }

  /** A file of a store that was not finished. */
  record StaleFile(Path path) implements Leftover {
    @Override
    public String what() {
      return "file that a process was writing to the store when it died";
    }
  }

  private static String kind(MountTable.Line line) {
    return line.isRealTree() ? "real tree" : line.type();
  }
}
