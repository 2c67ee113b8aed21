package build.inputfs.fuse.kernel;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.abort;

import build.inputfs.cas.posix.Errnos;
import build.inputfs.fuse.mount.MountTable;
import build.inputfs.fuse.vfs.Child;
import build.inputfs.fuse.vfs.SlowFileSystem;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/**
 * Mounts that are served over io_uring, on machines that have it switched on. All other tests of
 * mounts can be run over it too: {@code -Dinputfs.test.ring=true}.
 */
@Timeout(value = 300, unit = TimeUnit.SECONDS)
final class RingTest {
  private static final Path SWITCH = Path.of("/sys/module/fuse/parameters/enable_uring");
  private static final MountOptions OPTIONS =
      MountOptions.PRIVATE.withPassthrough(false).withRing(true);
  private static final Duration LIMIT = Duration.ofSeconds(60);

  @BeforeEach
  void requireRing() throws IOException {
    TestMount.requireFuse();
    if (!Files.exists(SWITCH) || !Files.readString(SWITCH).startsWith("Y")) {
      String reason = "skipped: FUSE over io_uring is not switched on (" + SWITCH + ")";
      System.out.println(reason);
      abort(reason);
    }
  }

  private static long threads() {
    return Thread.getAllStackTraces().keySet().stream()
        .filter(thread -> thread.getName().startsWith("inputfs-fuse-"))
        .count();
  }

  private static long descriptors() throws IOException {
    try (Stream<Path> open = Files.list(Path.of("/proc/self/fd"))) {
      return open.filter(RingTest::isRingOrDevice).count();
    }
  }

  private static boolean isRingOrDevice(Path descriptor) {
    try {
      String target = Files.readSymbolicLink(descriptor).toString();
      return target.contains("io_uring") || target.contains("/dev/fuse");
    } catch (IOException e) {
      return false; // closed meanwhile
    }
  }

  @Test
  void namesAndContentsOfAllSizes_goOverTheRing() throws Exception {
    try (TestMount m = TestMount.of(OPTIONS)) {
      m.fs.addInput("in", "input\n");
      assertThat(m.session.mechanism()).contains("io_uring");
      assertThat(
              m.sh(
                  """
                  cat in
                  mkdir -p a/b
                  echo one > a/b/one
                  ln -s b/one a/link
                  cat a/link
                  mv a/b/one a/three
                  test ! -e a/b/one
                  head -c 5000001 /dev/urandom > big
                  md5sum < big > sum
                  dd if=big of=copy bs=1M 2>/dev/null
                  dd if=copy of=again bs=4k 2>/dev/null
                  sync
                  md5sum < again | cmp - sum
                  dd if=again bs=1M iflag=direct 2>/dev/null | md5sum | cmp - sum
                  for i in $(seq 300); do echo $i > a/b/a-file-with-a-long-name-$i; done
                  ls a/b | wc -l
                  cat nothing 2>&1 || true
                  ls
                  """))
          .isEqualTo(
              """
              input
              one
              300
              cat: nothing: No such file or directory
              a
              again
              big
              copy
              in
              sum
              """);
      assertThat(m.count(Opcode.WRITE)).isPositive();
      assertThat(m.count(Opcode.READ)).isPositive();
      m.fs.awaitNoOpens();
    }
  }

  @Test
  void requestThatBlocks_leavesOthersOfItsCpuServed() throws Exception {
    SlowFileSystem[] slow = new SlowFileSystem[1];
    try (TestMount m =
        TestMount.of(OPTIONS, (posix, disk) -> slow[0] = new SlowFileSystem(posix, disk))) {
      m.sh("mkdir d1");
      try (Child clients = Child.startSh(m.path, "taskset -c 0 stat d1/slow; echo done")) {
        assertThat(slow[0].waiting.tryAcquire(1, 60, TimeUnit.SECONDS)).isTrue();
        assertThat(m.sh("exec taskset -c 0 sh -c 'echo quick > q; cat q'")).isEqualTo("quick\n");
        slow[0].permits.release(1000);
        clients.awaitOutput("done");
      }
    }
  }

  @Test
  void moreBlockedRequestsThanReaders_areServedInTheEnd() throws Exception {
    SlowFileSystem[] slow = new SlowFileSystem[1];
    try (TestMount m =
        TestMount.of(
            OPTIONS.withMaxReaders(1),
            (posix, disk) -> slow[0] = new SlowFileSystem(posix, disk))) {
      m.sh("mkdir d1 d2 d3");
      try (Child clients =
          Child.startSh(
              m.path, "for i in 1 2 3; do taskset -c 0 stat d$i/slow & done; wait; echo done")) {
        assertThat(slow[0].waiting.tryAcquire(1, 60, TimeUnit.SECONDS)).isTrue();
        slow[0].permits.release(1000);
        clients.awaitOutput("done");
      }
      assertThat(m.sh("echo x > y; cat y")).isEqualTo("x\n");
    }
  }

  @Test
  void clientsKilledWhileTheyWait_doNoHarm() throws Exception {
    SlowFileSystem[] slow = new SlowFileSystem[1];
    try (TestMount m =
        TestMount.of(OPTIONS, (posix, disk) -> slow[0] = new SlowFileSystem(posix, disk))) {
      for (int i = 0; i < 20; i++) {
        m.sh("mkdir d");
        try (Child client = Child.start("cat", m.path + "/d/slow")) {
          assertThat(slow[0].waiting.tryAcquire(1, 60, TimeUnit.SECONDS)).isTrue();
          client.kill();
          assertThat(m.sh("echo x > y; cat y")).isEqualTo("x\n");
          slow[0].permits.release();
          assertThat(client.await()).isNotZero();
        }
        m.sh("rmdir d");
      }
    }
  }

  @Test
  void fiftyMounts_leaveNothingBehind() throws Exception {
    awaitNoThreads();
    assertThat(descriptors()).isZero();
    for (int i = 0; i < 50; i++) {
      try (TestMount m = TestMount.of(OPTIONS)) {
        if (i % 5 == 0) {
          assertThat(m.sh("echo x > y; cat y")).isEqualTo("x\n");
        }
      }
    }
    awaitNoThreads();
    assertThat(descriptors()).isZero();
  }

  /** A thread that has given everything back may take a moment to be gone. */
  private static void awaitNoThreads() throws InterruptedException {
    long limit = System.nanoTime() + LIMIT.toNanos();
    while (threads() > 0 && System.nanoTime() < limit) {
      Thread.sleep(5);
    }
    assertThat(threads()).isZero();
  }

  @Test
  void close_whileAProcessUsesTheMount_endsTheSessionAndFailsTheProcess() throws Exception {
    try (TestMount m = TestMount.of(OPTIONS)) {
      m.fs.addInput("in", "input\n");
      try (Child user =
          Child.startSh(
              m.path,
              """
              exec 3< in; cd .
              echo ready
              while cat in > /dev/null 2>&1; do :; done
              echo end
              """)) {
        user.awaitOutput("ready");
        m.session.close();
        assertThat(m.session.awaitUnmounted(LIMIT)).isTrue();
        assertThat(MountTable.read().at(m.path)).isNull();
        user.awaitOutput("end");
      }
    }
  }

  @Test
  void close_ofAMountThatSomebodyDetachedButUses_stopsToServeIt() throws Exception {
    try (TestMount m = TestMount.of(OPTIONS);
        Child user =
            Child.startSh(
                m.path,
                """
                echo ready
                while test ! -e nothing-$((i = i + 1)) && mkdir d$i 2> /dev/null; do sleep 0.05; done
                cd /
                echo end
                exec sleep 1000
                """)) {
      user.awaitOutput("ready");
      Child.sh(Path.of("/"), "umount -l " + m.path);
      m.session.close();
      long served = m.session.counters().total();
      // Its next requests are refused; when it has left, so has the kernel.
      user.awaitOutput("end");
      assertThat(m.session.awaitUnmounted(LIMIT)).isTrue();
      assertThat(m.session.counters().total()).isEqualTo(served);
    }
  }

  @Test
  void kernel_whenARingIsRefused_goesOnWithout() throws Exception {
    Path folder = Files.createTempDirectory("inputfs-ring-test");
    Mounter mounter = new Mounter(TestMount.POSIX);
    Mounter.Mount mount = mounter.mount(folder, OPTIONS);
    try (RingEntry entry = RingEntry.open(TestMount.POSIX);
        Arena arena = Arena.ofConfined()) {
      assertThat(Negotiation.perform(TestMount.POSIX, mount.device(), OPTIONS).ring()).isTrue();
      try (Child client = Child.start("stat", folder + "/name")) {
        assertThat(entry.register(mount.device(), -1)).isEqualTo(-Errnos.EINVAL);
        MemorySegment poll = arena.allocate(8, 4);
        poll.asByteBuffer()
            .order(ByteOrder.nativeOrder())
            .putInt(0, mount.device())
            .putShort(4, (short) 1);
        // A request comes over the device.
        assertThat(TestMount.POSIX.poll(poll.address(), 1, 60_000)).isOne();
        mounter.unmount(mount);
        assertThat(client.await()).isNotZero();
      }
    } finally {
      mounter.unmount(mount);
      TestMount.POSIX.close(mount.device());
      Files.delete(folder);
    }
  }
}
