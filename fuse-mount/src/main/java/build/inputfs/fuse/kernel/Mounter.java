package build.inputfs.fuse.kernel;

import build.inputfs.cas.posix.Errnos;
import build.inputfs.cas.posix.Posix;
import build.inputfs.cas.posix.PosixException;
import build.inputfs.cas.posix.Processes;
import build.inputfs.fuse.mount.MountException;
import build.inputfs.fuse.mount.MountPoints;
import build.inputfs.fuse.mount.MountTable;
import build.inputfs.fuse.mount.Privileges;
import java.io.IOException;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;

/**
 * Makes and removes the mounts of {@link FuseSession}: by mount(2) and umount2(2) where this
 * process may, else by {@code fusermount3}. Stateless; any thread may call it.
 */
public final class Mounter {
  /** The type that a mount has in {@code /proc/self/mountinfo}. */
  private static final Path DEVICE = Path.of("/dev/fuse");

  /**
   * A mount that was made.
   *
   * @param path the mount point, absolute and without symlinks
   * @param id its number in {@code /proc/self/mountinfo}
   * @param device the descriptor of /dev/fuse that its requests come from, the caller's to close
   */
  record Mount(Path path, long id, int device) {
    /** The mount point's last name. */
    String name() {
      return String.valueOf(path.getFileName());
    }
  }

  private final Posix posix;

  public Mounter(Posix posix) {
    this.posix = posix;
  }

  /** Makes a mount that nobody serves yet. When this throws nothing is left behind. */
  Mount mount(Path mountPoint, MountOptions options) throws MountException {
    if (posix.isMac()) {
      throw new MountException("the transport kernel is Linux's; macOS has --transport jnr");
    }
    Path path = MountPoints.check(posix, mountPoint);
    if (needsHelp()) {
      return found(path, fusermount().mount(path, options));
    }
    int device = openDevice();
    if (device < 0) {
      throw new MountException(deviceProblem(-device));
    }
    long flags = Posix.MS_NOSUID | Posix.MS_NODEV;
    if (options.readOnly()) {
      flags |= Posix.MS_RDONLY;
    }
    if (options.noAtime()) {
      flags |= Posix.MS_NOATIME;
    }
    String data =
        "fd=%d,rootmode=40000,user_id=%d,group_id=%d,default_permissions%s"
            .formatted(
                device,
                posix.geteuid(),
                posix.getegid(),
                options.allowOther() ? ",allow_other" : "");
    int result = posix.mount(options.source(), path, MountTable.FUSE_TYPE, flags, data);
    if (result < 0) {
      posix.close(device);
      throw new MountException(mountProblem(path, -result));
    }
    return found(path, device);
  }

  private Mount found(Path path, int device) throws MountException {
    try {
      long id = MountPoints.mountId(posix, path);
      if (id >= 0) {
        return new Mount(path, id, device);
      }
      throw new MountException(path + " was mounted, but something removed the mount at once");
    } catch (IOException e) {
      posix.close(device);
      MountException reason = e instanceof MountException m ? m : unreadable(e);
      try {
        detach(path);
      } catch (MountException suppressed) {
        reason.addSuppressed(suppressed);
      }
      throw reason;
    }
  }

  /** Whether this process may not mount. Root may, or is told why it may not. */
  private boolean needsHelp() throws MountException {
    try {
      // On macOS whoever made a mount may end it.
      return posix.geteuid() != 0 && !posix.isMac() && !Privileges.read().mayMount();
    } catch (IOException e) {
      throw new MountException("cannot read what this process may do: " + e.getMessage(), e);
    }
  }

  private Fusermount fusermount() {
    return new Fusermount(posix, Processes.load());
  }

  /** Why this process cannot open /dev/fuse, a colon, and what to do about it; null if it can. */
  public @Nullable String deviceProblem() {
    int device = openDevice();
    if (device < 0) {
      return deviceProblem(-device);
    }
    posix.close(device);
    return null;
  }

  /**
   * Why this process cannot mount by a program that does so for users, a colon, and what to do
   * about it; null if the program is there, or not needed.
   */
  public @Nullable String helperProblem(String program) throws MountException {
    return needsHelp() && Fusermount.find(program) == null ? Fusermount.missing(program) : null;
  }

  /** Opens /dev/fuse. Gives the descriptor or a negated errno. */
  int openDevice() {
    return posix.open(DEVICE, Posix.O_RDWR, 0);
  }

  /**
   * Removes {@code mount}, also from under processes that use it, unless somebody else removed it
   * already.
   */
  void unmount(Mount mount) throws MountException {
    try {
      if (MountPoints.mountId(posix, mount.path()) == mount.id()) {
        detach(mount.path());
      } else if (MountTable.read().has(mount.id())) {
        throw new MountException(
            mount.path() + " stays mounted, for it was moved or another mount covers it");
      }
    } catch (MountException e) {
      throw e;
    } catch (IOException e) {
      throw unreadable(e);
    }
  }

  /**
   * Removes a mount of inputfs that any process made. The process that made it ends the view then.
   * Works on a mount whose process has died.
   *
   * @throws MountException where {@code mountPoint} is no mount of inputfs, or is in use
   */
  public void unmount(Path mountPoint) throws MountException {
    Path path;
    MountTable mounts;
    try {
      path = MountPoints.withoutTouching(mountPoint);
      mounts = MountTable.read();
    } catch (IOException e) {
      throw new MountException("cannot look at " + mountPoint + ": " + e.getMessage(), e);
    }
    MountTable.Line line = mounts.at(path);
    if (line == null) {
      throw new MountException(mountPoint + " is not a mount point");
    }
    if (!line.isOurs()) {
      throw new MountException(
          mountPoint + " is a mount of type " + line.type() + ", not one of inputfs");
    }
    if (needsHelp()) {
      fusermount().unmount(path, false);
      return;
    }
    // The parts of a cached tree are mounts too, and go with the first: nobody writes there.
    boolean hasParts = line.isRealTree() && mounts.hasBelow(path);
    int how = Posix.UMOUNT_NOFOLLOW | (hasParts ? Posix.MNT_DETACH : 0);
    int result = posix.umount2(path, how);
    if (result == -Errnos.EBUSY) {
      throw new MountException(mountPoint + " is in use: end the processes that use it first");
    }
    if (result < 0) {
      throw new MountException(
          "cannot unmount " + mountPoint + ": " + PosixException.describe(-result));
    }
  }

  /** How a mount ended. */
  public enum Removal {
    /** Nobody used it. */
    UNMOUNTED,
    /** Some process still uses it, and gets errors for what it asks there. */
    DETACHED,
    /** Somebody else was faster. */
    GONE
  }

  /**
   * Removes the mount of inputfs that a line of the table is of, whose process has died: also from
   * under processes that still use it.
   *
   * <p>Between looking which mount is at the path and unmounting, another may be put over it. The
   * kernel refuses to unmount that one as soon as anybody uses it.
   *
   * @throws MountException when it is still there, under another mount say
   */
  public Removal remove(MountTable.Line line) throws MountException {
    Path path = line.path();
    try {
      if (MountPoints.mountId(posix, path) != line.id()) {
        if (MountTable.read().has(line.id())) {
          throw new MountException(path + " stays mounted: another mount covers it");
        }
        return Removal.GONE;
      }
      int result = needsHelp() ? -Errnos.EBUSY : posix.umount2(path, Posix.UMOUNT_NOFOLLOW);
      if (result == 0) {
        return Removal.UNMOUNTED;
      }
      if (needsHelp() && unmountedByHelp(path)) {
        return Removal.UNMOUNTED;
      }
      if (MountPoints.mountId(posix, path) != line.id()) {
        return Removal.GONE;
      }
      detach(path);
      return Removal.DETACHED;
    } catch (MountException e) {
      throw e;
    } catch (IOException e) {
      throw unreadable(e);
    }
  }

  private boolean unmountedByHelp(Path path) {
    try {
      fusermount().unmount(path, false);
      return true;
    } catch (MountException e) {
      return false; // in use; else detaching it fails too, and says why
    }
  }

  /**
   * Removes the forests that a process which died has left mounted in its session's folder, unless
   * there is an overlay that has its scratch there: that keeps stray writers off.
   *
   * @return whether nothing is mounted there now
   */
  public boolean clear(Path session) throws IOException {
    MountTable table = MountTable.read();
    if (table.mounts().stream().anyMatch(line -> line.isOverlayIn(session))) {
      return false;
    }
    for (MountTable.Line line : table.below(session)) {
      boolean forest =
          line.type().equals(MountTable.FUSE_TYPE) && session.equals(line.path().getParent());
      if (!forest && !line.isScratch()) {
        return false;
      }
      detach(line.path());
    }
    return true;
  }

  private void detach(Path path) throws MountException {
    if (needsHelp()) {
      fusermount().unmount(path, true);
      return;
    }
    // By force ends what processes are waiting for, so that the kernel lets go of this session.
    int how = Posix.MNT_DETACH | Posix.UMOUNT_NOFOLLOW;
    int result = posix.umount2(path, how | Posix.MNT_FORCE);
    if (result == -Errnos.EPERM) {
      result = posix.umount2(path, how); // root of a user namespace
    }
    if (result < 0 && result != -Errnos.EINVAL) { // EINVAL: it is no mount point any more
      throw new MountException("cannot unmount " + path + ": " + PosixException.describe(-result));
    }
  }

  static String deviceProblem(int errno) {
    if (errno == Errnos.ENOENT) {
      return "/dev/fuse does not exist: load the kernel module (`modprobe fuse`), or give the"
          + " container the device (`--device /dev/fuse`)";
    }
    if (errno == Errnos.EACCES || errno == Errnos.EPERM) {
      return "/dev/fuse may not be opened: make it accessible (`chmod 0666 /dev/fuse`), or give the"
          + " container the device (`--device /dev/fuse`)";
    }
    if (errno == Errnos.ENODEV || errno == Errnos.ENXIO) {
      return "this kernel has no FUSE: load the module (`modprobe fuse`)";
    }
    return "/dev/fuse cannot be opened: " + PosixException.describe(errno);
  }

  private static String mountProblem(Path path, int errno) {
    if (errno == Errnos.EPERM || errno == Errnos.EACCES) {
      return "mounting on "
          + path
          + " is not permitted: this process lacks CAP_SYS_ADMIN; give the container"
          + " `--cap-add SYS_ADMIN`, or run as a user who may use fusermount3";
    }
    if (errno == Errnos.ENODEV) {
      return "this kernel has no FUSE: load the module (`modprobe fuse`)";
    }
    return "mounting on " + path + " failed: " + PosixException.describe(errno);
  }

  private static MountException unreadable(IOException e) {
    return new MountException("cannot look at the mounts: " + e.getMessage(), e);
  }
}
