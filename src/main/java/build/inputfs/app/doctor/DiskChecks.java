package build.inputfs.app.doctor;

import build.inputfs.cache.view.LimitHits;
import build.inputfs.cache.view.Quota;
import build.inputfs.cas.posix.Errnos;
import build.inputfs.cas.posix.Posix;
import build.inputfs.cas.posix.PosixException;
import build.inputfs.fuse.scratch.Room;
import build.inputfs.fuse.scratch.Rooms;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/**
 * Tries what the disks of the store and of the scratch can do, in a folder of its own on each. For
 * one thread.
 */
public final class DiskChecks {
  private static final long LITTLE_SPACE = 1L << 30;
  private static final long FEW_INODES = 10_000;

  /** One more than ext4 allows. */
  private static final int MANY_LINKS = 65_001;

  private static final long LINK_NANOS = 2_000_000_000L;

  private static final int LIMIT_BYTES = 1 << 20;
  private static final String LIMITS_ADVICE =
      "have the scratch on ext4 or XFS mounted with prjquota, or give --scratch-kind tmpfs";

  private final Posix posix;
  private final Path store;
  private final Path scratch;

  /**
   * @param store an empty folder on the store's disk
   * @param scratch an empty folder on the disk that takes what is written in views
   */
  public DiskChecks(Posix posix, Path store, Path scratch) {
    this.posix = posix;
    this.store = store;
    this.scratch = scratch;
  }

  /** All of them. */
  public List<Finding> all() throws IOException {
    List<Finding> findings = new ArrayList<>();
    findings.add(space("space of the store", store));
    findings.add(space("space of the scratch", scratch));
    findings.add(reflink("reflink, store", store, store));
    findings.add(reflink("reflink, store to scratch", store, scratch));
    findings.add(hardLink());
    findings.add(linkLimit());
    findings.add(limits());
    return findings;
  }

  /** Limits a folder as that of a view is limited, and writes more than it may have. */
  private Finding limits() throws IOException {
    String what = "limits, scratch";
    Quota quota = new Quota(LIMIT_BYTES, 0);
    try (Rooms rooms = new Rooms(posix)) {
      Path folder = Files.createDirectory(scratch.resolve("limited"));
      Room room = rooms.furnish(folder, quota, new LimitHits(quota));
      try {
        room.limit();
        return room.refuses()
            ? refused(what, room.mechanism(), folder)
            : Finding.limited(what, unlimited(), LIMITS_ADVICE);
      } finally {
        room.remove();
      }
    }
  }

  private static Finding refused(String what, String mechanism, Path folder) {
    try {
      Files.write(folder.resolve("file"), new byte[2 * LIMIT_BYTES]);
      return Finding.fails(what, mechanism + ", which refuses nothing", LIMITS_ADVICE);
    } catch (IOException e) {
      return Finding.works(what, mechanism + ": the disk refuses what is too much");
    }
  }

  /** Why the disk refuses nothing. */
  private String unlimited() throws IOException {
    String type = Files.getFileStore(scratch).type();
    String why =
        switch (type) {
          case "ext4", "xfs" ->
              posix.geteuid() == 0
                  ? "this %s is not mounted with prjquota".formatted(type)
                  : "it takes root to set project quotas";
          default -> "%s has no project quotas".formatted(type);
        };
    return why + ": `fuse` counts by itself, `overlay` looks now and then";
  }

  private Finding space(String what, Path folder) throws IOException {
    long[] disk = new long[8];
    Posix.check(posix.statvfs(folder, disk), "statvfs " + folder);
    long bytes = disk[1] * disk[4];
    long inodes = disk[7];
    // btrfs makes inodes as they are needed, and says 0.
    boolean counted = disk[5] > 0;
    String why =
        "%,d MB free".formatted(bytes >> 20)
            + (counted ? ", %,d inodes free".formatted(inodes) : ", inodes without limit");
    return bytes < LITTLE_SPACE || (counted && inodes < FEW_INODES)
        ? Finding.limited(what, why, "make room, or name another disk")
        : Finding.works(what, why);
  }

  private Finding reflink(String what, Path from, Path to) throws IOException {
    Path source = Files.writeString(from.resolve("reflink-from"), "x".repeat(1 << 16));
    Path target = to.resolve("reflink-to");
    int in = Posix.check(posix.open(source, Posix.O_RDONLY, 0), "open " + source);
    int out = posix.open(target, Posix.O_WRONLY | Posix.O_CREAT | Posix.O_EXCL, 0600);
    try {
      int result = out < 0 ? out : posix.reflink(in, out);
      return result == 0
          ? Finding.works(what, "files can be cloned (FICLONE)")
          : Finding.fails(
              what,
              "files cannot be cloned: " + PosixException.describe(-result),
              result == -Errnos.EXDEV
                  ? "have both on one disk"
                  : "XFS and btrfs can; elsewhere files are copied");
    } finally {
      posix.close(in);
      if (out >= 0) {
        posix.close(out);
        Files.delete(target);
      }
      Files.delete(source);
    }
  }

  private Finding hardLink() throws IOException {
    String what = "hard links, store to scratch";
    Path source = Files.createFile(store.resolve("link-from"));
    Path target = scratch.resolve("link-to");
    try {
      int result = link(source, target);
      return result == 0
          ? Finding.works(what, "files can be linked")
          : Finding.fails(
              what,
              "files cannot be linked: " + PosixException.describe(-result),
              "have both on one disk, in one mount of it");
    } finally {
      Files.deleteIfExists(target);
      Files.delete(source);
    }
  }

  private int link(Path source, Path target) {
    return posix.linkat(Posix.AT_FDCWD, source.toString(), Posix.AT_FDCWD, target.toString(), 0);
  }

  /** Links one file until the disk says no. */
  private Finding linkLimit() throws IOException {
    String what = "links to a file";
    Path folder = Files.createDirectory(store.resolve("links"));
    Path source = Files.createFile(folder.resolve("0"));
    long start = System.nanoTime();
    int links = 1;
    try {
      int result = 0;
      while (result == 0 && links < MANY_LINKS && System.nanoTime() - start < LINK_NANOS) {
        result = link(source, folder.resolve(Integer.toString(links)));
        links += result == 0 ? 1 : 0;
      }
      if (result == -Errnos.EMLINK) {
        return Finding.works(what, "%,d at most; then another inode is made".formatted(links));
      }
      return result == 0
          ? Finding.works(what, "more than %,d".formatted(links - 1))
          : Finding.limited(what, links + ", then " + PosixException.describe(-result), "");
    } finally {
      for (int i = 0; i < links; i++) {
        Files.deleteIfExists(folder.resolve(Integer.toString(i)));
      }
      Files.delete(folder);
    }
  }
}
