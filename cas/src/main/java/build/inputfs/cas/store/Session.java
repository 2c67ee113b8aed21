package build.inputfs.cas.store;

import build.inputfs.cas.digest.Digest;
import build.inputfs.cas.posix.Errnos;
import build.inputfs.cas.posix.Posix;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.BitSet;
import java.util.concurrent.ThreadLocalRandom;

/**
 * The file by which one process tells the others that it uses a store, and which trees: locked
 * while the process lives, with a record for each lease. Thread-safe.
 */
final class Session {
  /** Room for a digest in text, the longest hash included. */
  static final int RECORD = 160;

  /** Room for so many leases is taken at a time, so that a full disk is noticed early. */
  private static final int RECORDS = 128;

  private final Posix posix;
  private final Path file;
  private final int fd;
  private final BitSet taken = new BitSet();
  private int room;
  private boolean closed;

  private Session(Posix posix, Path file, int fd) {
    this.posix = posix;
    this.file = file;
    this.fd = fd;
  }

  /** Makes a session in {@code folder}, which is made if need be. */
  static Session open(Posix posix, Path folder) throws IOException {
    Files.createDirectories(folder);
    String id = "s%016x".formatted(ThreadLocalRandom.current().nextLong());
    // Others look for sessions by name, and must not see one before it is locked.
    Path unseen = folder.resolve("." + id);
    int flags = Posix.O_RDWR | Posix.O_CREAT | Posix.O_EXCL;
    int fd = Posix.check(posix.open(unseen, flags, 0644), "create " + unseen);
    try {
      Posix.check(posix.flock(fd, Posix.LOCK_EX | Posix.LOCK_NB), "lock " + unseen);
      Path file = folder.resolve(id);
      Posix.check(
          posix.renameat2(Posix.AT_FDCWD, unseen.toString(), Posix.AT_FDCWD, file.toString(), 0),
          "rename " + unseen);
      return new Session(posix, file, fd);
    } catch (IOException e) {
      posix.unlinkat(Posix.AT_FDCWD, unseen.toString(), 0);
      posix.close(fd);
      throw e;
    }
  }

  /** The session's name: that of its file. */
  String id() {
    return String.valueOf(file.getFileName());
  }

  /** Records that a tree is in use, and returns where. */
  synchronized int record(Digest root) throws IOException {
    if (closed) {
      throw new IOException("the store is closed");
    }
    int slot = taken.nextClearBit(0);
    if (slot >= room) {
      long length = (long) (room + RECORDS) * RECORD;
      int result = posix.fallocate(fd, 0, 0, length);
      if (result == -Errnos.EOPNOTSUPP) {
        result = posix.ftruncate(fd, length);
      }
      Posix.check(result, "note the trees in use in " + file);
      room += RECORDS;
    }
    write(slot, root.toString());
    taken.set(slot);
    return slot;
  }

  /** Takes a record back. */
  synchronized void erase(int slot) {
    if (closed) {
      return;
    }
    try {
      write(slot, "");
      taken.clear(slot);
    } catch (IOException e) {
      // The record stays, and keeps its tree until this process ends.
    }
  }

  private void write(int slot, String text) throws IOException {
    byte[] record = Arrays.copyOf(text.getBytes(StandardCharsets.US_ASCII), RECORD);
    long written = posix.pwrite(fd, record, (long) slot * RECORD);
    Posix.check(written, "note the trees in use in " + file);
    if (written < RECORD) {
      throw new IOException("cannot note the trees in use in " + file);
    }
  }

  /** Ends the session: it keeps nothing any more. Does nothing the second time. */
  synchronized void close() {
    if (!closed) {
      closed = true;
      posix.unlinkat(Posix.AT_FDCWD, file.toString(), 0);
      posix.close(fd);
    }
  }
}
