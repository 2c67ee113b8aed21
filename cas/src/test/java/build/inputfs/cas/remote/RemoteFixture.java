package build.inputfs.cas.remote;

import build.inputfs.cas.digest.Digest;
import build.inputfs.cas.digest.DigestFunction;
import build.inputfs.cas.remote.testserver.ReapiServer;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.HashMap;
import java.util.Map;
import java.util.Random;

/** A server, and what its clients' tests need. */
final class RemoteFixture implements AutoCloseable {
  /**
   * For servers that answer, however slow the machine is: what fails, and how often it is tried, is
   * the server's doing alone, and no call is made because another one was late.
   */
  static final RemoteOptions.Timing PATIENT =
      new RemoteOptions.Timing(
          Duration.ofMinutes(2),
          Duration.ofMinutes(4),
          4,
          Duration.ofMillis(5),
          Duration.ofMillis(20),
          Duration.ofMinutes(10));

  /** For servers that hang for good, so that tests of that do not wait: nothing can succeed. */
  static final RemoteOptions.Timing QUICK =
      new RemoteOptions.Timing(
          Duration.ofMillis(500),
          Duration.ofSeconds(2),
          4,
          Duration.ofMillis(5),
          Duration.ofMillis(20),
          Duration.ofMinutes(10));

  /** For servers that hang now and then: a call is soon made again, as often as it takes. */
  static final RemoteOptions.Timing PERSISTENT =
      new RemoteOptions.Timing(
          Duration.ofMillis(500),
          Duration.ofMinutes(4),
          1000,
          Duration.ofMillis(5),
          Duration.ofMillis(20),
          Duration.ofMinutes(10));

  static final RemoteOptions.Tool TOOL = new RemoteOptions.Tool("wire-test", "1.2");

  final ReapiServer server = ReapiServer.start();

  RemoteFixture() throws IOException {}

  RemoteOptions options() {
    return RemoteOptions.of(RemoteTarget.parse(server.address()), TOOL).with(PATIENT);
  }

  RemoteCas open() throws IOException {
    return open(PATIENT);
  }

  RemoteCas open(RemoteOptions.Timing timing) throws IOException {
    return RemoteCas.open(options().with(timing), DigestFunction.SHA256);
  }

  /** Bytes that do not compress, the same for the same seed. */
  static byte[] random(int size, long seed) {
    byte[] bytes = new byte[size];
    new Random(seed).nextBytes(bytes);
    return bytes;
  }

  /** Bytes that compress. */
  static byte[] text(int size, long seed) {
    Random random = new Random(seed);
    byte[] bytes = new byte[size];
    for (int i = 0; i < size; i++) {
      bytes[i] = (byte) ('a' + random.nextInt(4));
    }
    return bytes;
  }

  static byte[] read(RemoteCas remote, Digest digest) throws IOException {
    Collector collector = new Collector();
    remote.read(digest, collector);
    return collector.bytes();
  }

  @Override
  public void close() throws IOException {
    server.close();
  }

  /** Keeps what comes. */
  static final class Collector implements ChunkSink {
    private final ByteArrayOutputStream bytes = new ByteArrayOutputStream();

    @Override
    public void take(ByteBuffer chunk) {
      byte[] copy = new byte[chunk.remaining()];
      chunk.get(copy);
      bytes.writeBytes(copy);
    }

    byte[] bytes() {
      return bytes.toByteArray();
    }
  }

  /** Keeps what comes of a batch. */
  static final class Batch implements BatchSink {
    final Map<Digest, byte[]> contents = new HashMap<>();
    final Map<Digest, IOException> failures = new HashMap<>();
    int answers;

    @Override
    public void content(Digest digest, ByteBuffer content) {
      byte[] copy = new byte[content.remaining()];
      content.get(copy);
      contents.put(digest, copy);
      answers++;
    }

    @Override
    public void failure(Digest digest, IOException cause) {
      failures.put(digest, cause);
      answers++;
    }
  }
}
