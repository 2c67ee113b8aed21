package build.inputfs.fuse.mutable;

import build.inputfs.cache.view.LimitHits;
import build.inputfs.cache.view.Quota;
import build.inputfs.cache.view.Quota.Limit;
import build.inputfs.fuse.vfs.FileSystemUsage;
import build.inputfs.fuse.vfs.Status;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.BooleanSupplier;

/**
 * What a view may still write: its {@link Quota}, and how much of it is taken. What is too much is
 * refused with {@link Status#QUOTA_EXCEEDED}, so that it can be told from a full disk.
 *
 * <p>As on a tmpfs, every name that the action makes counts as a file, further hard links included:
 * names are in this process's memory. An input counts from when it becomes a private copy.
 *
 * <p>Thread-safe. The methods that refuse may wait for a fifth of a second, so they are called
 * without the tree's lock: what a program has closed or removed a moment ago is given back only
 * when the kernel tells, which it does later and in no order with other requests.
 */
final class Allowance {
  /** A millisecond each. The thread that is told may have to wait for a processor. */
  private static final int LOOKS = 200;

  private final Quota quota;
  private final LimitHits hits;
  private final boolean countsBytes;
  private final AtomicLong bytes = new AtomicLong();
  private final AtomicLong files = new AtomicLong();
  private final AtomicInteger leaving = new AtomicInteger();

  /**
   * @param hits is told of the limits that were reached
   * @param countsBytes whether bytes are counted here, because the scratch's disk does not
   */
  Allowance(Quota quota, LimitHits hits, boolean countsBytes) {
    this.quota = quota;
    this.hits = hits;
    this.countsBytes = countsBytes && quota.bytes() > 0;
  }

  /** Whether all that is written has to come by here. */
  boolean countsBytes() {
    return countsBytes;
  }

  /** Takes one file. */
  void takeFile() throws Refusal {
    if (quota.files() == 0) {
      return;
    }
    if (!await(() -> take(files, 1, quota.files()))) {
      throw refusal(Limit.FILES);
    }
  }

  /** Gives files back. */
  void giveFiles(int count) {
    files.addAndGet(-count);
  }

  /** Takes bytes if there are as many left. Does not wait. */
  boolean takeBytes(long count) {
    return take(bytes, count, quota.bytes());
  }

  /** Puts right what was taken, by as much as it was too little. */
  void correctBytes(long more) {
    bytes.addAndGet(more);
  }

  /** How many bytes are left. */
  long bytesLeft() {
    return Math.max(0, quota.bytes() - bytes.get());
  }

  private static boolean take(AtomicLong taken, long count, long limit) {
    while (true) {
      long before = taken.get();
      if (before + count > limit) {
        return false;
      }
      if (taken.compareAndSet(before, before + count)) {
        return true;
      }
    }
  }

  /** Tries until it works, as long as what was removed may still be given back. */
  boolean await(BooleanSupplier attempt) {
    for (int i = 0; i < LOOKS; i++) {
      if (attempt.getAsBoolean()) {
        return true;
      }
      if (leaving.get() == 0) {
        return false;
      }
      try {
        Thread.sleep(1);
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
        return false;
      }
    }
    return attempt.getAsBoolean();
  }

  /** Notes how many more nodes have lost their last name and are not given back yet. */
  void countLeaving(int more) {
    leaving.addAndGet(more);
  }

  /** Says no, and notes why. */
  Refusal refusal(Limit limit) {
    hits.record(limit, true);
    return Refusal.of(Status.QUOTA_EXCEEDED);
  }

  /** Notes that the disk was full, where it is the disk that keeps this view's limits. */
  void diskRefused() {
    if (!countsBytes && quota.bytes() > 0) {
      hits.record(Limit.BYTES, true);
    }
  }

  /** Makes what the disk has look like what the quota leaves of it. */
  void limit(FileSystemUsage usage) {
    if (countsBytes) {
      long left = bytesLeft() / usage.blockSize;
      usage.blocks = quota.bytes() / usage.blockSize;
      usage.freeBlocks = Math.min(usage.freeBlocks, left);
      usage.availableBlocks = Math.min(usage.availableBlocks, left);
    }
    if (quota.files() > 0) {
      long left = Math.max(0, quota.files() - files.get());
      usage.freeFiles = usage.files == 0 ? left : Math.min(usage.freeFiles, left); // btrfs tells 0
      usage.files = quota.files();
    }
  }
}
