package build.inputfs.it.harness;

import java.io.IOException;
import java.io.RandomAccessFile;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;

/** A kind of disk that a test can have made for itself: in memory, or in a file. */
public enum Disk {
  TMPFS(""),
  EXT4("mkfs.ext4 -q -E nodiscard"),
  XFS("mkfs.xfs -q -m reflink=1"),
  BTRFS("mkfs.btrfs -q");

  private static final long IMAGE_BYTES = 1L << 30;
  private static final Duration DEADLINE = Duration.ofMinutes(3);

  /** The command that makes one in the file that is its last argument. */
  private final String format;

  Disk(String format) {
    this.format = format;
  }

  /** Whether a directory's link count tells how many directories it has; btrfs says 1. */
  boolean countsDirectoryLinks() {
    return this != BTRFS;
  }

  /** Why it cannot be made here; empty when it can. */
  String obstacle() {
    if (!Machine.isRoot()) {
      return "only root can mount a disk";
    }
    if (this == TMPFS) {
      return "";
    }
    if (!Files.exists(Path.of("/dev/loop-control"))) {
      return this + " needs loop devices, and there is no /dev/loop-control";
    }
    String program = format.split(" ", 2)[0];
    return Machine.hasProgram(program) ? "" : program + " is not installed";
  }

  /** Makes one in {@code image} and mounts it at {@code point}. */
  void mount(Path image, Path point) {
    mount(image, point, IMAGE_BYTES);
  }

  /** The same, of so many bytes. */
  void mount(Path image, Path point, long bytes) {
    if (this == TMPFS) {
      run(List.of("mount", "-t", "tmpfs", "-o", "size=" + bytes, "none", point.toString()));
      return;
    }
    try (RandomAccessFile file = new RandomAccessFile(image.toFile(), "rw")) {
      file.setLength(bytes);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    List<String> command = new ArrayList<>(List.of(format.split(" ", -1)));
    command.add(image.toString());
    run(command);
    run(List.of("mount", "-o", "loop", image.toString(), point.toString()));
  }

  /**
   * Ends one; what is on it is lost. The files that a FUSE connection had open are given back a
   * moment after its end.
   */
  static void unmount(Path point) {
    long deadline = System.nanoTime() + DEADLINE.toNanos();
    Outcome outcome = Child.run(Path.of("/"), DEADLINE, List.of("umount", point.toString()));
    while (outcome.err().contains("busy") && System.nanoTime() < deadline) {
      Workbench.pause();
      outcome = Child.run(Path.of("/"), DEADLINE, List.of("umount", point.toString()));
    }
    outcome.ok();
  }

  private static void run(List<String> command) {
    Child.run(Path.of("/"), DEADLINE, command).ok();
  }
}
