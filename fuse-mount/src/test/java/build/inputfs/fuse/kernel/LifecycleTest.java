package build.inputfs.fuse.kernel;

import static java.util.Objects.requireNonNull;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import build.inputfs.fuse.mount.MountTable;
import build.inputfs.fuse.vfs.Child;
import build.inputfs.fuse.vfs.SlowFileSystem;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.FutureTask;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** How sessions begin, end, and behave while requests are slow. */
@Timeout(value = 300, unit = TimeUnit.SECONDS)
final class LifecycleTest {
  private static final Duration LIMIT = Duration.ofSeconds(60);

  private static long readers() {
    return Thread.getAllStackTraces().keySet().stream()
        .filter(thread -> thread.getName().startsWith("inputfs-fuse-"))
        .count();
  }

  private static long descriptors() throws IOException {
    try (Stream<Path> open = Files.list(Path.of("/proc/self/fd"))) {
      return open.filter(LifecycleTest::isDevice).count();
    }
  }

  private static boolean isDevice(Path descriptor) {
    try {
      return Files.readSymbolicLink(descriptor).toString().contains("/dev/fuse");
    } catch (IOException e) {
      return false; // closed meanwhile
    }
  }

  /**
   * No mount is served when a test begins, and none is when all of its are closed. A thread that
   * has given everything back may take a moment to be gone.
   */
  @BeforeEach
  void awaitNoReaders() throws InterruptedException {
    long limit = System.nanoTime() + LIMIT.toNanos();
    while (readers() > 0 && System.nanoTime() < limit) {
      Thread.sleep(5);
    }
    assertThat(readers()).isZero();
  }

  @Test
  void twoHundredMounts_leaveNothingBehind() throws Exception {
    TestMount.requireFuse();
    assertThat(descriptors()).isZero();
    List<Path> paths = new ArrayList<>();
    for (int i = 0; i < 200; i++) {
      try (TestMount m = TestMount.of(MountOptions.PRIVATE.withPassthrough(i % 2 == 0))) {
        paths.add(m.path);
        if (i % 20 == 0) {
          m.fs.addInput("in", "input\n");
          assertThat(m.sh("cat in; echo x > y; cat y")).isEqualTo("input\nx\n");
        }
      }
    }
    assertThat(MountTable.read().mounts())
        .extracting(MountTable.Line::path)
        .doesNotContainAnyElementsOf(paths);
    awaitNoReaders();
    assertThat(descriptors()).isZero();
  }

  @Test
  void requestsThatBlock_leaveOthersServed_andTheirReadersRetire() throws Exception {
    SlowFileSystem[] slow = new SlowFileSystem[1];
    try (TestMount m =
        TestMount.of(
            MountOptions.PRIVATE, (posix, disk) -> slow[0] = new SlowFileSystem(posix, disk))) {
      m.fs.addInput("in", "input\n");
      long before = readers();
      // Each in a directory of its own: lookups in one may wait for one another in the kernel.
      m.sh("for i in 1 2 3 4 5 6 7 8; do mkdir d$i; done");
      try (Child clients =
          Child.startSh(
              m.path, "for i in 1 2 3 4 5 6 7 8; do stat d$i/slow & done; wait; echo done")) {
        assertThat(slow[0].waiting.tryAcquire(8, 60, TimeUnit.SECONDS)).isTrue();
        assertThat(m.sh("cat in; echo quick > q; cat q")).isEqualTo("input\nquick\n");
        assertThat(readers()).isGreaterThanOrEqualTo(before + 8 - 2);
        slow[0].permits.release(1000);
        assertThat(clients.await()).isZero();
        assertThat(clients.output()).contains("done");
      }
      // One that has served a request a second after the last one was started finds it is too many.
      // Names that were never asked for: one request at a time, as two at once keep a third reader.
      long limit = System.nanoTime() + LIMIT.toNanos();
      for (int round = 0; readers() > before + 1 && System.nanoTime() < limit; round++) {
        m.sh("for i in 1 2 3 4 5 6 7 8 9; do test ! -e d1/none" + round + "-$i; done");
        Thread.sleep(50);
      }
      assertThat(readers()).isLessThanOrEqualTo(before + 1);
    }
  }

  @Test
  void limitOfReaders_isKept_andRequestsWaitForTheirTurn() throws Exception {
    SlowFileSystem[] slow = new SlowFileSystem[1];
    try (TestMount m =
        TestMount.of(
            MountOptions.PRIVATE.withMaxReaders(1),
            (posix, disk) -> slow[0] = new SlowFileSystem(posix, disk))) {
      m.sh("mkdir d1 d2");
      try (Child clients = Child.startSh(m.path, "stat d1/slow & stat d2/slow & wait; echo done")) {
        assertThat(slow[0].waiting.tryAcquire(1, 60, TimeUnit.SECONDS)).isTrue();
        slow[0].permits.release(1000);
        clients.awaitOutput("done");
      }
      assertThat(m.sh("echo x > y; cat y")).isEqualTo("x\n");
    }
  }

  @Test
  void clientKilledWhileItWaits_doesNoHarm() throws Exception {
    SlowFileSystem[] slow = new SlowFileSystem[1];
    try (TestMount m =
        TestMount.of(
            MountOptions.PRIVATE, (posix, disk) -> slow[0] = new SlowFileSystem(posix, disk))) {
      // In a directory of its own, which the kernel locks meanwhile.
      m.sh("mkdir d");
      try (Child client = Child.start("cat", m.path + "/d/slow")) {
        assertThat(slow[0].waiting.tryAcquire(1, 60, TimeUnit.SECONDS)).isTrue();
        client.kill();
        assertThat(m.sh("echo x > y; cat y")).isEqualTo("x\n");
        slow[0].permits.release(1000);
        assertThat(client.await()).isNotZero();
      }
      assertThat(m.sh("echo y > d/slow; cat d/slow")).isEqualTo("y\n");
    }
  }

  @Test
  void unmountBySomebodyElse_endsTheSession() throws Exception {
    try (TestMount m = TestMount.of(MountOptions.PRIVATE)) {
      m.sh("echo x > y");
      assertThat(m.session.awaitUnmounted(Duration.ZERO)).isFalse();
      Child.sh(Path.of("/"), "umount " + m.path);
      assertThat(m.session.awaitUnmounted(LIMIT)).isTrue();
      m.session.close();
      m.session.close();
    }
  }

  @Test
  void close_underAnotherMountInTheSamePlace_leavesBothAndSaysSo() throws Exception {
    try (TestMount m = TestMount.of(MountOptions.PRIVATE)) {
      Child.sh(Path.of("/"), "mount -t tmpfs tmpfs " + m.path);
      try {
        assertThatThrownBy(m.session::close).hasMessageContaining("another mount covers it");
        assertThat(requireNonNull(MountTable.read().at(m.path)).type()).isEqualTo("tmpfs");
      } finally {
        Child.sh(Path.of("/"), "umount " + m.path);
      }
    }
  }

  @Test
  void close_ofAMountThatSomebodyDetachedButUses_stopsToServeIt() throws Exception {
    try (TestMount m = TestMount.of(MountOptions.PRIVATE.withPassthrough(false));
        Child user =
            Child.startSh(
                m.path,
                """
                echo ready
                while test ! -e nothing-$((i = i + 1)) && mkdir d$i 2> /dev/null; do sleep 0.05; done
                echo end
                while :; do test -e more-$((i = i + 1)); sleep 0.05; done
                """)) {
      user.awaitOutput("ready");
      Child.sh(Path.of("/"), "umount -l " + m.path);
      m.session.close();
      long served = m.session.counters().total();
      // Each of its next requests is refused, which ends a reader; with the last one the kernel's
      // patience ends.
      user.awaitOutput("end");
      assertThat(m.session.awaitUnmounted(LIMIT)).isTrue();
      assertThat(m.session.counters().total()).isEqualTo(served);
    }
  }

  @Test
  void close_whileAProcessUsesTheMount_endsTheSessionAndFailsTheProcess() throws Exception {
    try (TestMount m = TestMount.of(MountOptions.PRIVATE.withPassthrough(false))) {
      m.fs.addInput("in", "input\n");
      try (Child user =
          Child.startSh(
              m.path,
              """
              exec 3< in; cd .
              echo ready
              while cat in > /dev/null 2>&1; do sleep 0.05; done
              echo end
              """)) {
        user.awaitOutput("ready");
        m.session.close();
        assertThat(m.session.awaitUnmounted(Duration.ZERO)).isTrue();
        assertThat(MountTable.read().at(m.path)).isNull();
        user.awaitOutput("end");
      }
    }
  }

  @Test
  void close_whileRequestsAreServed_waitsForThem() throws Exception {
    SlowFileSystem[] slow = new SlowFileSystem[1];
    try (TestMount m =
            TestMount.of(
                MountOptions.PRIVATE, (posix, disk) -> slow[0] = new SlowFileSystem(posix, disk));
        Child client = Child.start("stat", m.path + "/slow")) {
      assertThat(slow[0].waiting.tryAcquire(1, 60, TimeUnit.SECONDS)).isTrue();
      FutureTask<@Nullable Void> closed =
          new FutureTask<>(
              () -> {
                m.session.close();
                return null;
              });
      Thread.ofPlatform().start(closed);
      while (MountTable.read().at(m.path) != null) {
        Thread.sleep(1);
      }
      assertThat(closed.isDone()).isFalse();
      slow[0].permits.release(1000);
      closed.get(60, TimeUnit.SECONDS);
      assertThat(client.await()).isNotZero();
    }
  }
}
