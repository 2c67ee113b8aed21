package build.inputfs.fuse.overlay;

import build.inputfs.cache.view.Folders;
import build.inputfs.cache.view.LimitHits;
import build.inputfs.cache.view.Quota;
import build.inputfs.cas.digest.Digest;
import build.inputfs.cas.posix.Errnos;
import build.inputfs.cas.posix.FileStat;
import build.inputfs.cas.posix.Posix;
import build.inputfs.cas.tree.InputDirectory;
import build.inputfs.cas.tree.Kind;
import build.inputfs.cas.tree.TreeReader;
import build.inputfs.fuse.scratch.Room;
import build.inputfs.fuse.scratch.Rooms;
import build.inputfs.fuse.vfs.Attributes;
import build.inputfs.fuse.vfs.InputAttributes;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Where an overlay view keeps what its action writes: a directory on the local disk with the two
 * that overlayfs wants. Not thread-safe. Owns its directory until {@link #remove}. It serves one
 * view, or several one after the other, with {@link #renew} between them.
 */
final class OverlayScratch {
  /** What overlayfs makes in its work directory, the innermost first; that it is volatile too. */
  private static final List<String> OF_OVERLAYFS =
      List.of("work/incompat/volatile/dirty", "work/incompat/volatile", "work/incompat", "work");

  private final Posix posix;
  private final Room room;
  private final boolean renewable;

  private OverlayScratch(Posix posix, Room room, boolean renewable) {
    this.posix = posix;
    this.room = room;
    this.renewable = renewable;
  }

  /**
   * Makes a scratch.
   *
   * @param directory which does not exist
   * @param quota what may be written from {@link Room#limit} on
   */
  static OverlayScratch create(
      Posix posix, Rooms rooms, Path directory, Quota quota, LimitHits hits) throws IOException {
    make(posix, directory, 0700);
    OverlayScratch scratch =
        new OverlayScratch(posix, rooms.furnish(directory, quota, hits), quota.isNone());
    try {
      make(posix, scratch.upper(), 0755);
      make(posix, scratch.work(), 0755);
    } catch (IOException e) {
      scratch.remove();
      throw e;
    }
    return scratch;
  }

  private static void make(Posix posix, Path directory, int mode) throws IOException {
    Posix.check(
        posix.mkdirat(Posix.AT_FDCWD, directory.toString(), mode), "make directory " + directory);
  }

  Room room() {
    return room;
  }

  Path upper() {
    return room.directory().resolve("upper");
  }

  Path work() {
    return room.directory().resolve("work");
  }

  /**
   * Makes the upper directory look like the tree's root, and makes the parents of an output as far
   * as the tree does not have them.
   */
  void prepare(TreeReader reader, InputAttributes inputs, Digest root, Iterable<String> outputs)
      throws IOException {
    imitate(inputs, upper(), reader.directory(root));
    for (String output : outputs) {
      makeParents(reader, inputs, root, output);
    }
  }

  private void makeParents(TreeReader reader, InputAttributes inputs, Digest root, String output)
      throws IOException {
    Path above = upper();
    InputDirectory input = reader.directory(root);
    int start = 0;
    for (int slash = output.indexOf('/'); slash >= 0; slash = output.indexOf('/', start)) {
      String name = output.substring(start, slash);
      int index = input == null ? -1 : input.find(name.getBytes(StandardCharsets.UTF_8));
      if (input != null && index >= 0 && input.kind(index) != Kind.DIRECTORY) {
        throw new IOException(
            "cannot make the directories above the output "
                + output
                + ": an input that is no directory has the name "
                + output.substring(0, slash));
      }
      input = input == null || index < 0 ? null : reader.directory(input.digest(index));
      above = above.resolve(name);
      start = slash + 1;
      try {
        Files.createDirectory(above);
        imitate(inputs, above, input);
      } catch (FileAlreadyExistsException e) {
        // Made for another output.
      }
    }
  }

  /** Gives a directory the owner, mode and time of an input directory, or of a new one. */
  private void imitate(InputAttributes inputs, Path path, @Nullable InputDirectory input)
      throws IOException {
    Attributes wanted = new Attributes();
    if (input == null) {
      inputs.fillDirectory(0, 0, wanted);
    } else {
      inputs.fillDirectory(input, 0, wanted);
    }
    FileStat stat = new FileStat();
    Posix.check(posix.lstat(path, stat), "lstat " + path);
    if (stat.uid() != wanted.uid || stat.gid() != wanted.gid) {
      Posix.check(posix.lchown(path, wanted.uid, wanted.gid), "chown " + path);
    }
    if (stat.mode() != wanted.mode) {
      Posix.check(posix.chmod(path, wanted.mode & 07777), "chmod " + path);
    }
    if (input != null) {
      long[] times = {
        wanted.atimeSeconds, wanted.atimeNanos, wanted.mtimeSeconds, wanted.mtimeNanos
      };
      Posix.check(
          posix.utimensat(Posix.AT_FDCWD, path.toString(), times), "set the times of " + path);
    }
  }

  /**
   * Makes it as it was when it was made, after the overlay was taken down. To make directories and
   * to remove them again is most of what a view takes that writes nothing.
   *
   * <p>Whoever still has something open in the overlay finds its upper directory gone: there is
   * always a new one, even where the old one is empty.
   *
   * @return whether it is; else it can only be removed
   */
  boolean renew() throws IOException {
    if (!renewable) {
      return false;
    }
    String upper = upper().toString();
    int removed = posix.unlinkat(Posix.AT_FDCWD, upper, Posix.AT_REMOVEDIR);
    if (removed == -Errnos.ENOTEMPTY) {
      Folders.delete(upper());
    } else if (removed < 0) {
      return false;
    }
    String work = work() + "/";
    int flags = 0;
    for (String name : OF_OVERLAYFS) {
      int result = posix.unlinkat(Posix.AT_FDCWD, work + name, flags);
      if (result < 0 && result != -Errnos.ENOENT) {
        return false;
      }
      flags = Posix.AT_REMOVEDIR;
    }
    return posix.mkdirat(Posix.AT_FDCWD, upper, 0755) >= 0;
  }

  /** Removes everything, as far as it is there. */
  void remove() throws IOException {
    room.remove();
  }
}
