package build.inputfs.fuse.mutable;

import build.inputfs.cache.view.Quota.Limit;
import build.inputfs.cas.posix.FileStat;
import build.inputfs.cas.posix.Posix;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/**
 * What private files take of the disk, kept within the view's {@link Allowance}: taken before it is
 * written, and put right afterwards by what the disk says.
 *
 * <p>What counts is space, not size: a hole is free, and what is written twice counts once. Before
 * a write all blocks that it touches are taken, as far as that is allowed. Only where it is not, it
 * is looked up which of them the file has already; so a file that is full can be written over when
 * nothing is left. Thread-safe. Two writes over old blocks at once may, for that moment, each be
 * thought to need new ones.
 */
final class CountedFiles {
  /** ioctl: which extents a file has; a struct fiemap of linux/fiemap.h. */
  private static final long FS_IOC_FIEMAP = 0xc020660bL;

  private static final int HEADER = 32;
  private static final int EXTENT = 56;
  private static final int SECTOR = 512;
  private static final long BLOCK = 4096;

  private final Posix posix;
  private final Allowance allowance;

  CountedFiles(Posix posix, Allowance allowance) {
    this.posix = posix;
    this.allowance = allowance;
  }

  /**
   * Space that was taken for a write.
   *
   * @param end up to where may be written
   * @param bytes that were taken, to be given to {@link #settle}
   */
  record Grant(long end, long bytes) {}

  /**
   * Takes what writing a range needs: for all of it, or for its start.
   *
   * @param descriptor of the file
   * @throws Refusal when there is no room for a single byte
   */
  Grant take(int descriptor, long start, long end) throws Refusal {
    long most = up(end) - down(start);
    if (allowance.takeBytes(most)) {
      return new Grant(end, most);
    }
    Grant[] granted = new Grant[1];
    if (!allowance.await(
        () -> {
          Grant need = within(descriptor, start, end, allowance.bytesLeft());
          granted[0] = need;
          return need.end() > start && allowance.takeBytes(need.bytes());
        })) {
      throw allowance.refusal(Limit.BYTES);
    }
    return granted[0];
  }

  /** As {@link #take}, all of the range or nothing. */
  long takeAll(int descriptor, long start, long end) throws Refusal {
    Grant grant = take(descriptor, start, end);
    if (grant.end() < end) {
      allowance.correctBytes(-grant.bytes());
      throw allowance.refusal(Limit.BYTES);
    }
    return grant.bytes();
  }

  /** Takes what a new file of {@code size} bytes needs. */
  long takeNew(long size) throws Refusal {
    long most = up(size);
    if (!allowance.await(() -> allowance.takeBytes(most))) {
      throw allowance.refusal(Limit.BYTES);
    }
    return most;
  }

  /** Makes a file's charge what the disk says, after {@code taken} was taken for it. */
  void settle(Charge charge, int descriptor, long taken) {
    FileStat stat = new FileStat();
    synchronized (charge) {
      long now = charge.bytes + taken;
      if (posix.fstat(descriptor, stat) >= 0) {
        // A disk may set more aside than was asked for, for as long as a file grows.
        long asked = up(Math.max(stat.size(), charge.reservedTo));
        now = Math.min(stat.blocks() * SECTOR, asked);
      }
      allowance.correctBytes(now - charge.bytes - taken);
      charge.bytes = now;
    }
  }

  /** Notes that space up to {@code end} was asked for. */
  void reserve(Charge charge, long end) {
    synchronized (charge) {
      charge.reservedTo = Math.max(charge.reservedTo, end);
    }
  }

  /** Gives back all that a file took, which is gone. */
  void give(Charge charge) {
    synchronized (charge) {
      allowance.correctBytes(-charge.bytes);
      charge.bytes = 0;
    }
  }

  /** How far a write from {@code start} gets with {@code room} new bytes, and how many it needs. */
  private Grant within(int descriptor, long start, long end, long room) {
    long needed = 0;
    long at = start;
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment map = arena.allocate(HEADER + EXTENT, Long.BYTES);
      while (at < end) {
        long[] next = nextAllocated(descriptor, at, up(end), map);
        long hole = Math.max(0, Math.min(next[0], up(end)) - down(at));
        if (at < next[0] && hole > room - needed) {
          long fits = (room - needed) / BLOCK * BLOCK;
          return new Grant(Math.clamp(down(at) + fits, at, end), needed + fits);
        }
        needed += at < next[0] ? hole : 0;
        at = Math.max(at, next[1]);
      }
    }
    return new Grant(end, needed);
  }

  /** The next range from {@code at} on that has blocks, written to or not; empty at {@code end}. */
  private long[] nextAllocated(int descriptor, long at, long end, MemorySegment map) {
    map.fill((byte) 0);
    map.set(ValueLayout.JAVA_LONG, 0, at);
    map.set(ValueLayout.JAVA_LONG, 8, end - at);
    map.set(ValueLayout.JAVA_INT, 24, 1);
    if (posix.ioctl(descriptor, FS_IOC_FIEMAP, map.address()) == 0) {
      if (map.get(ValueLayout.JAVA_INT, 20) == 0) {
        return new long[] {end, end};
      }
      long from = map.get(ValueLayout.JAVA_LONG, HEADER);
      return new long[] {from, from + map.get(ValueLayout.JAVA_LONG, HEADER + 16)};
    }
    long data = posix.lseek(descriptor, at, Posix.SEEK_DATA);
    if (data < 0 || data >= end) {
      return new long[] {end, end};
    }
    long hole = posix.lseek(descriptor, data, Posix.SEEK_HOLE);
    return new long[] {data, hole < 0 ? end : hole};
  }

  private static long down(long offset) {
    return offset & -BLOCK;
  }

  private static long up(long offset) {
    return down(offset + BLOCK - 1);
  }
}
