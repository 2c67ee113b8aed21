package build.inputfs.fuse.mutable;

import static build.inputfs.fuse.mutable.ViewFixture.name;
import static org.assertj.core.api.Assertions.assertThat;

import build.inputfs.cache.view.LimitHit;
import build.inputfs.cache.view.Quota;
import build.inputfs.cache.view.Quota.Limit;
import build.inputfs.cas.posix.Posix;
import build.inputfs.fuse.vfs.AttributeChange;
import build.inputfs.fuse.vfs.FileSystem;
import build.inputfs.fuse.vfs.FileSystemUsage;
import build.inputfs.fuse.vfs.Status;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** What a view with a quota refuses, and what it gives back. */
@Timeout(300)
final class AllowanceTest {
  private static final int BLOCK = 4096;
  private static final int KEEP_SIZE = 1;
  private static final int PUNCH_HOLE = 3;

  @TempDir Path temp;

  @Test
  void write_pastTheLimit_getsAsFarAsThereIsRoomAndIsThenRefused() throws IOException {
    try (ViewFixture fixture = new ViewFixture(temp, new Quota(10 * BLOCK, 0))) {
      long node = create(fixture, "x");
      assertThat(write(fixture, node, 0, 4 * BLOCK + 1)).isEqualTo(4 * BLOCK + 1);
      assertThat(write(fixture, node, 4 * BLOCK + 1, 8 * BLOCK)).isEqualTo(6 * BLOCK - 1);
      assertThat(fixture.limits.all()).isEmpty();
      assertThat(write(fixture, node, 10 * BLOCK, 1)).isEqualTo(Status.QUOTA_EXCEEDED.asResult());
      assertThat(fixture.limits.all()).containsExactly(new LimitHit(Limit.BYTES, 10 * BLOCK, true));
      assertThat(fixture.stat(node).size).isEqualTo(10 * BLOCK);
      assertThat(freeBlocks(fixture)).isZero();
      // What is there may be written over; a hole may be made and not be filled.
      assertThat(write(fixture, node, 17, 8 * BLOCK)).isEqualTo(8 * BLOCK);
      assertThat(fixture.view.fallocate(node, PUNCH_HOLE, BLOCK, 2 * BLOCK)).isEqualTo(Status.OK);
      assertThat(freeBlocks(fixture)).isEqualTo(2);
      assertThat(write(fixture, node, 20 * BLOCK, 3 * BLOCK)).isEqualTo(2 * BLOCK);
      assertThat(write(fixture, node, BLOCK, 1)).isEqualTo(Status.QUOTA_EXCEEDED.asResult());
      assertThat(write(fixture, node, 3 * BLOCK, BLOCK)).isEqualTo(BLOCK);
    }
  }

  @Test
  void truncate_toALargeSize_takesNothingAndToASmallOneGivesBack() throws IOException {
    try (ViewFixture fixture = new ViewFixture(temp, new Quota(4 * BLOCK, 0))) {
      long node = create(fixture, "x");
      assertThat(write(fixture, node, 0, 4 * BLOCK)).isEqualTo(4 * BLOCK);
      assertThat(truncate(fixture, node, 1L << 40)).isEqualTo(Status.OK);
      assertThat(freeBlocks(fixture)).isZero();
      assertThat(truncate(fixture, node, BLOCK)).isEqualTo(Status.OK);
      assertThat(freeBlocks(fixture)).isEqualTo(3);
    }
  }

  @Test
  void fallocate_takesWhatItReservesThoughTheFileDoesNotGrow() throws IOException {
    try (ViewFixture fixture = new ViewFixture(temp, new Quota(4 * BLOCK, 0))) {
      long node = create(fixture, "x");
      FileSystem view = fixture.view;
      assertThat(view.fallocate(node, KEEP_SIZE, 0, 5 * BLOCK)).isEqualTo(Status.QUOTA_EXCEEDED);
      assertThat(view.fallocate(node, KEEP_SIZE, 0, 4 * BLOCK)).isEqualTo(Status.OK);
      assertThat(freeBlocks(fixture)).isZero();
      assertThat(view.fallocate(node, 0, 0, 4 * BLOCK)).isEqualTo(Status.OK);
      assertThat(write(fixture, node, 0, 4 * BLOCK)).isEqualTo(4 * BLOCK);
      assertThat(write(fixture, node, 4 * BLOCK, 1)).isEqualTo(Status.QUOTA_EXCEEDED.asResult());
    }
  }

  @Test
  void changeOfAnInput_withoutRoomForACopy_isRefusedAndLeavesItAlone() throws IOException {
    try (ViewFixture fixture = new ViewFixture(temp, new Quota(BLOCK, 2))) {
      long readme = fixture.find("readme");
      assertThat(fixture.view.open(readme, Posix.O_RDWR, fixture.opened)).isEqualTo(Status.OK);
      fixture.view.release(readme, Posix.O_RDWR);
      long tool = fixture.find("tool");
      assertThat(fixture.view.open(tool, Posix.O_RDWR, fixture.opened))
          .isEqualTo(Status.QUOTA_EXCEEDED);
      assertThat(fixture.read(tool)).isEqualTo("#!/bin/sh");
      assertThat(fixture.scratchFiles()).hasSize(1);
      // Opening with O_TRUNC copies nothing; its name is the second file, and the last.
      assertThat(fixture.view.open(tool, Posix.O_WRONLY | Posix.O_TRUNC, fixture.opened))
          .isEqualTo(Status.OK);
      assertThat(
              fixture.view.open(
                  fixture.find("dir/one"), Posix.O_WRONLY | Posix.O_TRUNC, fixture.opened))
          .isEqualTo(Status.QUOTA_EXCEEDED);
      assertThat(fixture.limits.all())
          .extracting(LimitHit::limit)
          .containsExactlyInAnyOrder(Limit.values());
    }
  }

  @Test
  void names_areCountedUntilTheyAreGone() throws IOException {
    try (ViewFixture fixture = new ViewFixture(temp, new Quota(0, 5))) {
      FileSystem view = fixture.view;
      long made = fixture.create(FileSystem.ROOT, "file", "content");
      view.forget(made, 1);
      assertThat(view.mkdir(fixture.caller, 1, name("d"), 0755, fixture.entry))
          .isEqualTo(Status.OK);
      view.forget(fixture.entry.node, 1);
      assertThat(view.symlink(fixture.caller, 1, name("s"), name("t"), fixture.entry))
          .isEqualTo(Status.OK);
      long readme = fixture.find("readme");
      assertThat(view.link(readme, 1, name("l1"), fixture.entry)).isEqualTo(Status.OK);
      assertThat(view.link(made, 1, name("l2"), fixture.entry)).isEqualTo(Status.OK);
      assertThat(view.link(made, 1, name("l3"), fixture.entry)).isEqualTo(Status.QUOTA_EXCEEDED);
      assertThat(view.mknod(fixture.caller, 1, name("n"), 0100644, 0, fixture.entry))
          .isEqualTo(Status.QUOTA_EXCEEDED);
      assertThat(view.mknod(fixture.caller, 1, name("p"), 0010644, 0, fixture.entry))
          .isEqualTo(Status.QUOTA_EXCEEDED);
      assertThat(view.tmpfile(fixture.caller, 1, 0600, 2, fixture.entry, fixture.opened))
          .isEqualTo(Status.QUOTA_EXCEEDED);
      assertThat(freeFiles(fixture)).isZero();
      // An input's own name was never counted; of two names of a file one goes.
      assertThat(view.unlink(1, name("readme"))).isEqualTo(Status.OK);
      assertThat(view.unlink(1, name("file"))).isEqualTo(Status.OK);
      assertThat(freeFiles(fixture)).isEqualTo(2);
      assertThat(view.rmdir(1, name("d"))).isEqualTo(Status.OK);
      assertThat(freeFiles(fixture)).isEqualTo(3);
      // A file that is looked up, or open, is there until it is let go.
      assertThat(view.unlink(1, name("l2"))).isEqualTo(Status.OK);
      assertThat(freeFiles(fixture)).isEqualTo(3);
      view.forget(made, 1);
      assertThat(freeFiles(fixture)).isEqualTo(4);
    }
  }

  @Test
  void aFileThatIsMadeWithoutAName_countsOnceWhenItGetsOne() throws IOException {
    try (ViewFixture fixture = new ViewFixture(temp, new Quota(0, 5))) {
      FileSystem view = fixture.view;
      assertThat(view.tmpfile(fixture.caller, 1, 0600, 2, fixture.entry, fixture.opened))
          .isEqualTo(Status.OK);
      long node = fixture.entry.node;
      assertThat(freeFiles(fixture)).isEqualTo(4);
      assertThat(view.link(node, 1, name("named"), fixture.entry)).isEqualTo(Status.OK);
      assertThat(freeFiles(fixture)).isEqualTo(4);
      assertThat(view.link(node, 1, name("again"), fixture.entry)).isEqualTo(Status.OK);
      assertThat(freeFiles(fixture)).isEqualTo(3);
    }
  }

  @Test
  void whatWasRemoved_isGivenBackWhenItIsForgotten() throws Exception {
    try (ViewFixture fixture = new ViewFixture(temp, new Quota(4 * BLOCK, 1))) {
      FileSystem view = fixture.view;
      long node = create(fixture, "x");
      assertThat(write(fixture, node, 0, 4 * BLOCK)).isEqualTo(4 * BLOCK);
      view.release(node, Posix.O_RDWR);
      assertThat(view.unlink(1, name("x"))).isEqualTo(Status.OK);
      // As the kernel does it: somebody else comes before the view hears that nobody has the file.
      Thread writer = Thread.currentThread();
      Thread forgetting =
          Thread.ofPlatform()
              .start(
                  () -> {
                    while (writer.getState() != Thread.State.TIMED_WAITING) {
                      Thread.onSpinWait();
                    }
                    view.forget(node, 1);
                  });
      long next = create(fixture, "y");
      assertThat(write(fixture, next, 0, 4 * BLOCK)).isEqualTo(4 * BLOCK);
      forgetting.join();
    }
  }

  private static long create(ViewFixture fixture, String name) {
    assertThat(
            fixture.view.create(
                fixture.caller,
                FileSystem.ROOT,
                name(name),
                0644,
                Posix.O_RDWR,
                fixture.entry,
                fixture.opened))
        .isEqualTo(Status.OK);
    return fixture.entry.node;
  }

  private static long write(ViewFixture fixture, long node, long offset, long length) {
    try (Arena arena = Arena.ofConfined()) {
      return fixture.view.write(node, offset, length, arena.allocate(length).address());
    }
  }

  private static Status truncate(ViewFixture fixture, long node, long size) {
    AttributeChange change = new AttributeChange();
    change.setSize = true;
    change.size = size;
    return fixture.view.setattr(node, change, fixture.attributes);
  }

  private static long freeBlocks(ViewFixture fixture) {
    FileSystemUsage usage = usage(fixture);
    return usage.freeBlocks * usage.blockSize / BLOCK;
  }

  private static long freeFiles(ViewFixture fixture) {
    return usage(fixture).freeFiles;
  }

  private static FileSystemUsage usage(ViewFixture fixture) {
    FileSystemUsage usage = new FileSystemUsage();
    assertThat(fixture.view.statfs(usage)).isEqualTo(Status.OK);
    return usage;
  }
}
