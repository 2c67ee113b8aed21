package build.inputfs.cas.remote;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import build.inputfs.cas.digest.Digest;
import build.inputfs.cas.digest.DigestFunction;
import build.inputfs.cas.remote.testserver.ReapiServer;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.util.List;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What is read and sent is on the heap in pieces only: in a JVM that could not hold it. */
@Timeout(600)
final class MemoryTest {
  private static final long SIZE = 200L << 20;

  @ParameterizedTest
  @ValueSource(booleans = {false, true})
  void readAndWrite_ofABlobLargerThanTheHeap_work(boolean compressed, @TempDir Path folder)
      throws Exception {
    Path one = zeros(folder.resolve("one"), SIZE);
    Path other = zeros(folder.resolve("other"), SIZE + 1);
    Digest read = digestOfZeros(SIZE);
    Digest sent = digestOfZeros(SIZE + 1);
    try (ReapiServer server = ReapiServer.start()) {
      server.habits(ReapiServer.Habits.GOOD.withChunk(1 << 20));
      if (compressed) {
        server.offer(ReapiServer.Offer.USUAL.compressed());
      }
      server.put(read, one);

      Process client =
          new ProcessBuilder(
                  List.of(
                      ProcessHandle.current().info().command().orElseThrow(),
                      "-Xmx48m",
                      "-cp",
                      System.getProperty("java.class.path"),
                      LargeBlobClient.class.getName(),
                      server.address(),
                      read.toString(),
                      sent.toString(),
                      other.toString()))
              .redirectErrorStream(true)
              .start();
      try {
        String output = new String(client.getInputStream().readAllBytes(), UTF_8);
        client.waitFor();
        assertThat(output).endsWith("done\n");
      } finally {
        client.destroyForcibly().waitFor();
      }
      assertThat(server.has(sent)).isTrue();
    }
  }

  /** A file without any blocks. */
  private static Path zeros(Path file, long size) throws IOException {
    try (RandomAccessFile sparse = new RandomAccessFile(file.toFile(), "rw")) {
      sparse.setLength(size);
    }
    return file;
  }

  private static Digest digestOfZeros(long size) {
    MessageDigest hasher = DigestFunction.SHA256.newHasher();
    byte[] zeros = new byte[1 << 20];
    for (long left = size; left > 0; left -= zeros.length) {
      hasher.update(zeros, 0, (int) Math.min(left, zeros.length));
    }
    return Digest.of(hasher.digest(), size);
  }
}
