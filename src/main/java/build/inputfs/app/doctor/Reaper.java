package build.inputfs.app.doctor;

import build.inputfs.app.doctor.Leftover.DoubtfulMount;
import build.inputfs.app.doctor.Leftover.StaleFile;
import build.inputfs.app.doctor.Leftover.StaleFolder;
import build.inputfs.app.doctor.Leftover.StaleMount;
import build.inputfs.cache.view.SessionFolder;
import build.inputfs.cas.posix.Posix;
import build.inputfs.fuse.kernel.Mounter;
import build.inputfs.fuse.mount.MountTable;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.util.List;

/**
 * Removes leftovers: mounts first, then the folders that they were in. What belongs to a process
 * that lives is no leftover, and stays so while it is looked at: nobody takes up the folder of a
 * dead process again. Stateless; for any thread.
 */
public final class Reaper {
  private final Posix posix;
  private final Mounter mounter;
  private final Log log;

  /** Is told what happens, each time in one line. */
  public interface Log {
    /** Something is gone. */
    void removed(String what);

    /** Something could not be removed. */
    void failed(String what);
  }

  public Reaper(Posix posix, Log log) {
    this.posix = posix;
    this.mounter = new Mounter(posix);
    this.log = log;
  }

  /**
   * Removes them.
   *
   * @param leftovers as {@link Leftovers#find} gives them
   * @return whether all are gone
   */
  public boolean reap(List<Leftover> leftovers) throws IOException {
    int failures = 0;
    for (Leftover leftover : leftovers) {
      try {
        log.removed(remove(leftover));
      } catch (IOException e) {
        if (!isGone(leftover)) {
          failures++;
          log.failed(leftover.path() + " stays: " + e.getMessage());
        }
      }
    }
    return failures == 0;
  }

  private String remove(Leftover leftover) throws IOException {
    return switch (leftover) {
      case StaleMount mount ->
          switch (mounter.remove(mount.line())) {
            case UNMOUNTED -> "unmounted " + mount.path();
            case DETACHED -> "detached " + mount.path() + users(mount.users());
            case GONE -> mount.path() + " is unmounted already";
          };
      case DoubtfulMount mount -> throw new IOException(mount.reason());
      case StaleFolder folder -> delete(folder.path());
      case StaleFile file ->
          Files.deleteIfExists(file.path())
              ? "removed " + file.path()
              : file.path() + " is removed already";
    };
  }

  private static String users(List<String> users) {
    String who = users.isEmpty() ? "some process" : String.join(", ", users);
    return ", which " + who + " still uses and gets errors from";
  }

  private String delete(Path folder) throws IOException {
    if (SessionFolder.isUnborn(folder)) {
      SessionFolder.removeUnborn(posix, folder);
      return "removed " + folder;
    }
    try (SessionFolder.Left left = SessionFolder.claim(posix, folder)) {
      if (left == null && Files.exists(folder, LinkOption.NOFOLLOW_LINKS)) {
        throw new IOException("another process is looking at it");
      }
      if (left == null) {
        return folder + " is removed already";
      }
      MountTable table = MountTable.read();
      for (MountTable.Line line : table.mounts()) {
        if (line.path().startsWith(folder) || line.isOverlayIn(folder)) {
          throw new IOException("something is mounted at " + line.path());
        }
      }
      left.delete();
      return "removed " + folder;
    }
  }

  private static boolean isGone(Leftover leftover) throws IOException {
    return leftover instanceof StaleMount mount && !MountTable.read().has(mount.line().id());
  }
}
