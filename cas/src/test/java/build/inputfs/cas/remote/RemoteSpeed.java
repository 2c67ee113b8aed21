package build.inputfs.cas.remote;

import build.inputfs.cas.digest.Digest;
import build.inputfs.cas.digest.DigestFunction;
import build.inputfs.cas.proto.ByteStreamGrpc;
import build.inputfs.cas.proto.ReadRequest;
import build.inputfs.cas.proto.ReadResponse;
import build.inputfs.cas.remote.testserver.ReapiServer;
import io.grpc.ManagedChannel;
import io.grpc.netty.NettyChannelBuilder;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.security.MessageDigest;
import java.util.Arrays;
import java.util.Iterator;
import java.util.List;
import java.util.Random;
import java.util.Scanner;

/**
 * A program that prints how fast one large blob comes over the loopback interface into a file, with
 * its hash made: through {@link RemoteCas}, and through a stub of grpc-java with nothing around it,
 * in turn. The server is in a process of its own.
 */
final class RemoteSpeed {
  private static final int PIECE = 1 << 20;
  private static final int ROUNDS = 7;

  private RemoteSpeed() {}

  /** Takes a folder for the files, the blob's size in MB, and the server's size of pieces in KB. */
  public static void main(String[] arguments) throws Exception {
    if (arguments[0].equals("serve")) {
      serve(Path.of(arguments[1]), Digest.parse(arguments[2]), Integer.parseInt(arguments[3]));
      return;
    }
    Path folder = Files.createTempDirectory(Path.of(arguments[0]), "remote-speed-");
    Path blob = folder.resolve("blob");
    Path copy = folder.resolve("copy");
    try {
      Digest digest = make(blob, Integer.parseInt(arguments[1]));
      for (String piece : List.of(arguments).subList(2, arguments.length)) {
        measure(digest, blob, copy, piece);
      }
    } finally {
      Files.deleteIfExists(blob);
      Files.deleteIfExists(copy);
      Files.deleteIfExists(folder);
    }
  }

  private static void measure(Digest digest, Path blob, Path copy, String piece) throws Exception {
    Process server =
        new ProcessBuilder(
                ProcessHandle.current().info().command().orElseThrow(),
                "-cp",
                System.getProperty("java.class.path"),
                RemoteSpeed.class.getName(),
                "serve",
                blob.toString(),
                digest.toString(),
                piece)
            .redirectError(ProcessBuilder.Redirect.INHERIT)
            .start();
    try (Scanner lines =
        new Scanner(server.getInputStream(), java.nio.charset.StandardCharsets.UTF_8)) {
      String address = lines.nextLine();
      double[] bare = new double[ROUNDS];
      double[] ours = new double[ROUNDS];
      double[] ratios = new double[ROUNDS];
      for (int round = -2; round < ROUNDS; round++) {
        double first = speed(digest, copy, out -> bare(address, digest, out));
        double second = speed(digest, copy, out -> ours(address, digest, out));
        if (round >= 0) {
          bare[round] = first;
          ours[round] = second;
          ratios[round] = second / first;
        }
      }
      System.out.printf(
          "pieces of %s KB: bare %.0f MB/s, RemoteCas %.0f MB/s, ratio %.2f (medians of %d)%n",
          piece, median(bare), median(ours), median(ratios), ROUNDS);
    } finally {
      server.destroyForcibly().waitFor();
    }
  }

  /** A way to read the blob. */
  @FunctionalInterface
  private interface Reading {
    void into(FileChannel out) throws IOException;
  }

  private static double speed(Digest digest, Path copy, Reading reading) throws IOException {
    try (FileChannel out =
        FileChannel.open(
            copy,
            StandardOpenOption.CREATE,
            StandardOpenOption.WRITE,
            StandardOpenOption.TRUNCATE_EXISTING)) {
      long start = System.nanoTime();
      reading.into(out);
      double seconds = (System.nanoTime() - start) / 1e9;
      if (out.size() != digest.size()) {
        throw new IOException("not all has come");
      }
      return digest.size() / 1e6 / seconds;
    }
  }

  private static void bare(String address, Digest digest, FileChannel out) throws IOException {
    RemoteTarget target = RemoteTarget.parse(address);
    ManagedChannel channel =
        NettyChannelBuilder.forAddress(target.host(), target.port()).usePlaintext().build();
    try {
      MessageDigest hasher = DigestFunction.SHA256.newHasher();
      Iterator<ReadResponse> answers =
          ByteStreamGrpc.newBlockingStub(channel)
              .read(ReadRequest.newBuilder().setResourceName("blobs/" + digest).build());
      while (answers.hasNext()) {
        ByteBuffer data = answers.next().getData().asReadOnlyByteBuffer();
        hasher.update(data.duplicate());
        write(data, out);
      }
      if (!Digest.of(hasher.digest(), digest.size()).equals(digest)) {
        throw new IOException("wrong bytes");
      }
    } finally {
      channel.shutdownNow();
    }
  }

  private static void ours(String address, Digest digest, FileChannel out) throws IOException {
    RemoteOptions options = RemoteOptions.of(RemoteTarget.parse(address), RemoteFixture.TOOL);
    try (RemoteCas remote = RemoteCas.open(options, DigestFunction.SHA256)) {
      remote.read(digest, chunk -> write(chunk, out));
    }
  }

  private static void write(ByteBuffer data, FileChannel out) throws IOException {
    while (data.hasRemaining()) {
      out.write(data);
    }
  }

  private static void serve(Path blob, Digest digest, int kilobytes) throws Exception {
    try (ReapiServer server = ReapiServer.start()) {
      server.habits(ReapiServer.Habits.GOOD.withChunk(kilobytes << 10));
      server.put(digest, blob);
      System.out.println(server.address());
      Thread.sleep(Long.MAX_VALUE);
    }
  }

  private static Digest make(Path file, int megabytes) throws IOException {
    MessageDigest hasher = DigestFunction.SHA256.newHasher();
    Random random = new Random(1);
    byte[] piece = new byte[PIECE];
    try (FileChannel out =
        FileChannel.open(file, StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE)) {
      for (int i = 0; i < megabytes; i++) {
        random.nextBytes(piece);
        hasher.update(piece);
        write(ByteBuffer.wrap(piece), out);
      }
    }
    return Digest.of(hasher.digest(), (long) megabytes << 20);
  }

  private static double median(double[] values) {
    double[] sorted = values.clone();
    Arrays.sort(sorted);
    return sorted[sorted.length / 2];
  }
}
