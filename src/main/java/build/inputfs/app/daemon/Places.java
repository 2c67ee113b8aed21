package build.inputfs.app.daemon;

import build.inputfs.app.daemon.RefusedException.Kind;
import build.inputfs.cache.view.Closing;
import build.inputfs.cas.posix.Errnos;
import build.inputfs.cas.posix.FileStat;
import build.inputfs.cas.posix.Posix;
import build.inputfs.cas.posix.PosixException;
import build.inputfs.fuse.mount.MountPoints;
import build.inputfs.fuse.mount.MountTable;
import java.io.IOException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import org.jspecify.annotations.Nullable;

/**
 * The places of a daemon's views: directories of its own in one folder, or empty directories of its
 * clients. Thread-safe.
 *
 * <p>A client's directory is opened once and then known by its descriptor alone. The view is made
 * in a directory of the daemon's own, and mounted a second time on what was opened: whatever the
 * client does meanwhile with names and symlinks on the way there, nothing else is covered. A daemon
 * that may not mount can do so for its own user only, who gains nothing by such tricks.
 */
final class Places {
  private final Posix posix;
  private final OwnDirectories own;
  private final boolean mayMount;
  private final Set<Path> taken = ConcurrentHashMap.newKeySet();

  /**
   * @param folder the real path of an existing folder for the daemon's own ones
   * @param mayMount whether this process may call mount(2)
   */
  Places(Posix posix, Path folder, boolean mayMount) {
    this.posix = posix;
    this.own = new OwnDirectories(posix, folder, mayMount);
    this.mayMount = mayMount;
  }

  Path folder() {
    return own.folder();
  }

  /** A place for a view: the client's own, or a new one. */
  Place take(String name, @Nullable Path wanted, Caller caller) throws IOException {
    if (wanted != null) {
      return given(name, wanted, caller);
    }
    if (!caller.trusted()) {
      throw new RefusedException(
          Kind.FORBIDDEN,
          "user %d cannot enter the folder of the daemon's views, and has to name a mount point"
              .formatted(caller.uid()));
    }
    OwnDirectories.Directory directory = own.take(name);
    return new Direct(directory.path(), true, () -> own.giveBack(directory));
  }

  private Place given(String name, Path wanted, Caller caller) throws IOException {
    if (!wanted.isAbsolute()) {
      throw new RefusedException(Kind.INVALID, "the mount point " + wanted + " is not absolute");
    }
    if (!mayMount && caller.uid() != posix.geteuid()) {
      throw new RefusedException(
          Kind.FORBIDDEN,
          "this daemon is not root, so that it has mount points of its own user only");
    }
    int place = MountPoints.open(posix, wanted);
    if (place < 0) {
      throw new RefusedException(
          place == -Errnos.EACCES || place == -Errnos.EPERM ? Kind.FORBIDDEN : Kind.INVALID,
          "the mount point %s must be an existing directory: %s"
              .formatted(wanted, PosixException.describe(-place)));
    }
    boolean kept = false;
    try {
      Path path = MountPoints.realPath(posix, place);
      checkOwner(place, path, caller);
      claim(path);
      try {
        checkEmpty(place, path);
        if (!mayMount) {
          return new Direct(path, false, () -> taken.remove(path));
        }
        Place given = new Given(own.take(name), path, place);
        kept = true;
        return given;
      } catch (IOException | RuntimeException e) {
        taken.remove(path);
        throw e;
      }
    } finally {
      if (!kept) {
        posix.close(place);
      }
    }
  }

  private void checkOwner(int place, Path path, Caller caller) throws IOException {
    FileStat stat = new FileStat();
    Posix.check(posix.fstat(place, stat), "stat " + path);
    if (stat.uid() != caller.uid() && caller.uid() != 0) {
      throw new RefusedException(
          Kind.FORBIDDEN,
          "the mount point %s belongs to user %d, not to user %d"
              .formatted(path, stat.uid(), caller.uid()));
    }
  }

  /** Keeps others from a path, and from what is below it in a view. */
  private void claim(Path path) throws RefusedException {
    for (Path up = path.getParent(); up != null; up = up.getParent()) {
      if (taken.contains(up) || up.equals(folder())) {
        throw new RefusedException(Kind.INVALID, "the mount point " + path + " is in a view");
      }
    }
    if (!taken.add(path)) {
      throw new RefusedException(Kind.EXISTS, "there is a view at " + path + " already");
    }
  }

  private void checkEmpty(int place, Path path) throws IOException {
    MountTable.Line mount = MountTable.read().at(path);
    if (mount != null) {
      throw new RefusedException(
          Kind.EXISTS, path + " is a mount point already (" + mount.type() + ")");
    }
    try (DirectoryStream<Path> entries =
        Files.newDirectoryStream(Path.of("/proc/self/fd/" + place))) {
      if (entries.iterator().hasNext()) {
        throw new RefusedException(Kind.STATE, "the mount point " + path + " is not empty");
      }
    }
  }

  /**
   * A directory where the strategy's own mount is what the client sees.
   *
   * @param end gives the place back
   */
  private record Direct(Path path, boolean isOwn, Closing.Step end) implements Place {
    @Override
    public Path target() {
      return path;
    }

    @Override
    public void show() {
      // It is where it is seen.
    }

    @Override
    public void hide() {
      // The view's own end does that.
    }

    @Override
    public void close() throws IOException {
      end.run();
    }
  }

  /** A directory of a client, on which a view is mounted for the second time. */
  private final class Given implements Place {
    private final OwnDirectories.Directory target;
    private final Path path;
    private final int place;
    private long mount = -1;

    /**
     * @param place the client's directory, open; closed with this
     */
    Given(OwnDirectories.Directory target, Path path, int place) {
      this.target = target;
      this.path = path;
      this.place = place;
    }

    @Override
    public Path target() {
      return target.path();
    }

    @Override
    public boolean isOwn() {
      return true;
    }

    @Override
    public Path path() {
      return path;
    }

    @Override
    public void show() throws IOException {
      int tree = Posix.check(posix.openTree(target()), "copy the mount " + target());
      try {
        Posix.check(posix.moveMount(tree, place), "mount on " + path);
        mount = MountPoints.mountId(posix, tree, path);
      } finally {
        posix.close(tree);
      }
    }

    @Override
    public void hide() throws IOException {
      if (mount < 0) {
        return;
      }
      long id = mount;
      mount = -1;
      if (!unmount(path, id)) {
        // Somebody has unmounted it, or a folder on the way has another name by now.
        for (MountTable.Line line : MountTable.read().mounts()) {
          if (line.id() == id && !unmount(line.path(), id)) {
            throw new IOException(line.path() + " stays mounted, for another mount covers it");
          }
        }
      }
    }

    private boolean unmount(Path where, long id) throws IOException {
      int root = MountPoints.open(posix, where);
      try {
        return MountPoints.unmount(posix, root, where, id);
      } finally {
        if (root >= 0) {
          posix.close(root);
        }
      }
    }

    @Override
    public void close() throws IOException {
      posix.close(place);
      taken.remove(path);
      own.giveBack(target);
    }
  }
}
