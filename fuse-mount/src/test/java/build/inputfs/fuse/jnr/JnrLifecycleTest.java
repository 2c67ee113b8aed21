package build.inputfs.fuse.jnr;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import build.inputfs.cas.posix.Posix;
import build.inputfs.fuse.mount.MountException;
import build.inputfs.fuse.mount.MountTable;
import build.inputfs.fuse.vfs.Child;
import build.inputfs.fuse.vfs.MemoryFileSystem;
import build.inputfs.fuse.vfs.SlowFileSystem;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashSet;
import java.util.Set;
import java.util.concurrent.FutureTask;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** How mounts of libfuse begin and end, and behave while requests are slow or fail. */
@Timeout(value = 300, unit = TimeUnit.SECONDS)
final class JnrLifecycleTest {
  /** The number for the long run is in docs/CONFORMANCE.md. */
  private static final int MOUNTS = Integer.getInteger("inputfs.test.mounts", 60);

  private static final int ROUNDS = 5;

  private static long threads() {
    return Thread.getAllStackTraces().keySet().stream()
        .filter(thread -> thread.getName().startsWith("inputfs-fuse-"))
        .count();
  }

  private static long descriptors() throws IOException {
    try (Stream<Path> open = Files.list(Path.of("/proc/self/fd"))) {
      return open.count();
    }
  }

  private static void awaitThreads(long most) throws InterruptedException {
    long limit = System.nanoTime() + TimeUnit.SECONDS.toNanos(60);
    while (threads() > most && System.nanoTime() < limit) {
      Thread.sleep(5);
    }
    assertThat(threads()).isLessThanOrEqualTo(most);
  }

  /** Resident memory of this process in KB. */
  private static long resident() throws IOException {
    return Files.readAllLines(Path.of("/proc/self/status")).stream()
        .filter(line -> line.startsWith("VmRSS:"))
        .mapToLong(line -> Long.parseLong(line.replaceAll("[^0-9]", "")))
        .findFirst()
        .orElseThrow();
  }

  private static Path mountAndUse(int i) throws Exception {
    try (JnrTestMount m = JnrTestMount.of(JnrOptions.PRIVATE)) {
      if (i % 10 == 0) {
        assertThat(m.sh("echo x > y; cat y")).isEqualTo("x\n");
      }
      return m.path;
    }
  }

  @Test
  void manyMounts_leaveNothingBehind() throws Exception {
    for (int i = 0; i < MOUNTS / 3; i++) {
      mountAndUse(i);
    }
    awaitThreads(0);
    Set<Path> paths = new HashSet<>();
    // What leaks does so each time; what others of this process take or give back meanwhile, such
    // as
    // the compiler of the JVM, does not. The first round is for that.
    boolean leaks = true;
    for (int round = 0; round < 2 || (leaks && round < ROUNDS); round++) {
      System.gc();
      long descriptors = descriptors();
      long resident = resident();
      for (int i = 0; i < MOUNTS; i++) {
        paths.add(mountAndUse(i));
      }
      awaitThreads(0);
      System.gc();
      long moreDescriptors = descriptors() - descriptors;
      long moreResident = resident() - resident;
      System.out.printf(
          "%d mounts: RSS %+d KB to %d KB, descriptors %+d to %d%n",
          MOUNTS, moreResident, resident(), moreDescriptors, descriptors());
      // A leak of a mount's structures and of its threads' buffers would be 500 KB each.
      leaks = moreDescriptors > 2 || moreResident >= 20_000L + MOUNTS * 20L;
    }
    assertThat(leaks).isFalse();
    assertThat(MountTable.read().mounts()).noneMatch(line -> paths.contains(line.path()));
  }

  @Test
  void exceptionInACall_isAnsweredWithEio_andTheMountLives() throws Exception {
    try (JnrTestMount m =
        JnrTestMount.of(
            JnrOptions.PRIVATE,
            (posix, disk) ->
                new MemoryFileSystem(posix, disk) {
                  @Override
                  protected void beforeLookup(String name) {
                    if (name.equals("bug")) {
                      throw new IllegalStateException("a bug");
                    }
                  }
                })) {
      assertThat(m.sh("! cat bug 2>&1; echo fine > y; cat y"))
          .contains("Input/output error")
          .endsWith("fine\n");
    }
  }

  @Test
  void requestsThatBlock_leaveOthersServed_byThreadsThatEndAfterwards() throws Exception {
    SlowFileSystem[] slow = new SlowFileSystem[1];
    try (JnrTestMount m =
        JnrTestMount.of(
            JnrOptions.PRIVATE, (posix, disk) -> slow[0] = new SlowFileSystem(posix, disk))) {
      m.sh("for i in 1 2 3 4 5 6 7 8; do mkdir d$i; done");
      try (Child clients =
          Child.startSh(
              m.path, "for i in 1 2 3 4 5 6 7 8; do stat d$i/slow & done; wait; echo done")) {
        assertThat(slow[0].waiting.tryAcquire(8, 60, TimeUnit.SECONDS)).isTrue();
        assertThat(m.sh("echo quick > q; cat q")).isEqualTo("quick\n");
        assertThat(threads()).isGreaterThan(8);
        slow[0].permits.release(1000);
        clients.awaitOutput("done");
        awaitThreads(4);
      }
    }
  }

  @Test
  void unmountBySomebodyElse_endsTheMount() throws Exception {
    try (JnrTestMount m = JnrTestMount.of(JnrOptions.PRIVATE)) {
      m.sh("echo x > y");
      Child.sh(Path.of("/"), "umount " + m.path);
      m.mount.awaitUnmounted();
      m.mount.close();
      m.mount.close();
    }
  }

  @Test
  void close_whileAProcessUsesTheMount_endsItAndFailsTheProcess() throws Exception {
    try (JnrTestMount m = JnrTestMount.of(JnrOptions.PRIVATE)) {
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
        m.mount.close();
        m.mount.awaitUnmounted();
        assertThat(MountTable.read().at(m.path)).isNull();
        user.awaitOutput("end");
      }
    }
  }

  @Test
  void close_ofAMountThatSomebodyDetachedButUses_stopsToServeIt() throws Exception {
    try (JnrTestMount m = JnrTestMount.of(JnrOptions.PRIVATE);
        Child user =
            Child.startSh(
                m.path,
                """
                echo ready
                while mkdir d$((i = i + 1)) 2> /dev/null; do sleep 0.05; done
                echo end
                """)) {
      user.awaitOutput("ready");
      Child.sh(Path.of("/"), "umount -l " + m.path);
      m.mount.close();
      user.awaitOutput("end");
      m.mount.awaitUnmounted();
    }
  }

  @Test
  void close_whileRequestsAreServed_waitsForThem() throws Exception {
    SlowFileSystem[] slow = new SlowFileSystem[1];
    try (JnrTestMount m =
            JnrTestMount.of(
                JnrOptions.PRIVATE, (posix, disk) -> slow[0] = new SlowFileSystem(posix, disk));
        Child client = Child.start("stat", m.path + "/slow")) {
      assertThat(slow[0].waiting.tryAcquire(1, 60, TimeUnit.SECONDS)).isTrue();
      FutureTask<@Nullable Void> closed =
          new FutureTask<>(
              () -> {
                m.mount.close();
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

  @Test
  void mountPointThatIsNotEmpty_isRefused_andNothingIsLeft() throws Exception {
    JnrTestMount.requireFuse();
    Path folder = Files.createTempDirectory("inputfs-jnr-full");
    Path file = Files.createFile(folder.resolve("file"));
    try (MemoryFileSystem fs = new MemoryFileSystem(JnrTestMount.POSIX, folder)) {
      assertThatThrownBy(
              () ->
                  new JnrTransport(JnrTestMount.POSIX, JnrOptions.PRIVATE).mount(fs, folder, false))
          .isInstanceOf(MountException.class)
          .hasMessageContaining("not empty");
      assertThat(MountTable.read().at(folder)).isNull();
    } finally {
      JnrTestMount.POSIX.umount2(folder, Posix.MNT_DETACH);
      Files.delete(file);
      Files.delete(folder);
    }
  }
}
