package build.inputfs.cas.posix;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assumptions.assumeThat;

import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Calls whose arguments a binding can get wrong without anybody noticing. */
final class PosixTest {
  private final Posix posix = Posix.load();

  @Test
  void copyFileRange_fromTheOwnOffsets_copies(@TempDir Path folder) throws Exception {
    Path from = Files.writeString(folder.resolve("from"), "hello, world");
    Path to = folder.resolve("to");
    int in = Posix.check(posix.open(from, Posix.O_RDONLY, 0), "open");
    int out = Posix.check(posix.open(to, Posix.O_RDWR | Posix.O_CREAT, 0644), "open");
    try {
      assertThat(posix.copyFileRange(in, out, 5)).isEqualTo(5);
      assertThat(posix.copyFileRange(in, out, 100)).isEqualTo(7);
      assertThat(posix.copyFileRange(in, out, 100)).isZero();
    } finally {
      posix.close(in);
      posix.close(out);
    }
    assertThat(to).hasContent("hello, world");
  }

  @Test
  void map_givesZeroedMemory() throws Exception {
    long address = Posix.check(posix.map(1 << 20), "mmap");
    assertThat(Posix.memory(address, 1 << 20).getLong((1 << 20) - 8)).isZero();
    Posix.memory(address, 1 << 20).putLong(0, 5);
    assertThat(posix.unmap(address, 1 << 20)).isZero();
  }

  @Test
  void stayOnCpu_keepsTheThreadThere() throws Exception {
    int cpu = Integer.parseInt(allowed().split("[-,]", -1)[0]);
    String[] seen = new String[1];
    Thread thread =
        Thread.ofPlatform()
            .start(
                () -> {
                  if (posix.stayOnCpu(cpu) == 0) {
                    seen[0] = allowed();
                  }
                });
    thread.join();
    assumeThat(seen[0]).as("sched_setaffinity may be forbidden").isNotNull();
    assertThat(seen[0]).isEqualTo(Integer.toString(cpu));
  }

  /** The CPUs that the calling thread may run on, as a list. */
  private static String allowed() {
    try {
      return Files.readAllLines(Path.of("/proc/thread-self/status")).stream()
          .filter(line -> line.startsWith("Cpus_allowed_list:"))
          .map(line -> line.replaceAll("^\\S+\\s+", ""))
          .findFirst()
          .orElseThrow();
    } catch (java.io.IOException e) {
      throw new java.io.UncheckedIOException(e);
    }
  }
}
