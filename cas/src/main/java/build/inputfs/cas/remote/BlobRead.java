package build.inputfs.cas.remote;

import build.inputfs.cas.digest.Digest;
import build.inputfs.cas.proto.ByteStreamGrpc;
import build.inputfs.cas.proto.ReadRequest;
import build.inputfs.cas.proto.ReadResponse;
import build.inputfs.cas.remote.RemoteException.Kind;
import build.inputfs.cas.store.MissingBlobException;
import java.io.IOException;
import java.io.InputStream;
import java.io.InterruptedIOException;
import java.nio.ByteBuffer;
import java.security.MessageDigest;
import java.util.HexFormat;
import org.jspecify.annotations.Nullable;

/**
 * One reading of a blob, or of a part of it, by ByteStream's Read.
 *
 * <p>A stream that breaks is taken up at the byte where it broke. Some servers ignore where they
 * are asked to begin, and send everything: what came would then be taken for something else. So
 * before the first stream that does not begin at the blob's begin, the server is asked for the
 * blob's last byte alone: if that is what comes, it can be trusted with offsets, and if not,
 * streams begin at the begin, and what is known is skipped. Where a stream ends is counted here;
 * servers need not know.
 *
 * <p>A compressed stream is only ever read from its begin: if it breaks, the rest comes
 * uncompressed.
 *
 * <p>For one thread.
 */
final class BlobRead {
  private static final int BUFFER = 1 << 17;

  private final Caller caller;
  private final Connection connection;
  private final Digest digest;
  private final long end;
  private final ChunkSink sink;
  private final Attempts attempts;
  private final String what;
  private final @Nullable MessageDigest hasher;

  /** What the sink gets next. */
  private long position;

  private boolean compressed;

  private BlobRead(
      Caller caller, Digest digest, long offset, long end, boolean whole, ChunkSink sink) {
    this.caller = caller;
    this.connection = caller.connection();
    this.digest = digest;
    this.position = offset;
    this.end = end;
    this.sink = sink;
    this.attempts = caller.attempts();
    this.what = "reading blobs/" + digest;
    this.hasher = whole ? connection.function().newHasher() : null;
  }

  /** Reads a whole blob, and verifies it. */
  static void whole(Caller caller, Digest digest, ChunkSink sink) throws IOException {
    whole(caller, digest, true, sink);
  }

  /** Reads a whole blob, for somebody who verifies it. */
  static void unverified(Caller caller, Digest digest, ChunkSink sink) throws IOException {
    whole(caller, digest, false, sink);
  }

  private static void whole(Caller caller, Digest digest, boolean verified, ChunkSink sink)
      throws IOException {
    BlobRead read = new BlobRead(caller, digest, 0, digest.size(), verified, sink);
    boolean zstd = caller.capabilities(read.what).zstd();
    read.compressed = zstd && digest.size() >= Zstandard.SMALLEST;
    read.run();
    read.verify();
  }

  /** Reads a part of a blob, which cannot be verified. */
  static void part(Caller caller, Digest digest, long offset, long length, ChunkSink sink)
      throws IOException {
    BlobRead read = new BlobRead(caller, digest, offset, offset + length, false, sink);
    var _ = caller.capabilities(read.what);
    read.run();
  }

  private void run() throws IOException {
    while (position < end) {
      try {
        if (position > 0 && connection.offsets() == Connection.Offsets.UNKNOWN) {
          connection.learnOffsets(probe());
        }
        attempt();
      } catch (RemoteException e) {
        if (e.kind() == Kind.NOT_FOUND) {
          throw new MissingBlobException(
              connection.function(), digest, "not on " + connection.target());
        }
        if (compressed && e.kind() != Kind.REFUSED) {
          compressed = false;
        } else {
          attempts.failed(e);
        }
      }
    }
  }

  private void attempt() throws IOException {
    long from = connection.offsets() == Connection.Offsets.IGNORED ? 0 : position;
    long limit = compressed || end == digest.size() ? 0 : end - from;
    try (Throttle.Turn _ = connection.throttle().call();
        Call<ReadRequest, ReadResponse> call = start(from, limit)) {
      if (compressed) {
        decompress(call);
      } else {
        receive(call, position - from);
      }
    }
    if (position < end) {
      throw Failures.endedEarly(
          connection.target(), what, "it ended after %d of %d bytes".formatted(position, end));
    }
  }

  private Call<ReadRequest, ReadResponse> start(long offset, long limit) throws RemoteException {
    Call<ReadRequest, ReadResponse> call = caller.start(ByteStreamGrpc.getReadMethod(), what);
    call.sendLast(
        ReadRequest.newBuilder()
            .setResourceName(connection.names().read(digest, compressed))
            .setReadOffset(offset)
            .setReadLimit(limit)
            .build());
    return call;
  }

  /** Takes what comes, but for the first bytes, which are known. */
  private void receive(Call<ReadRequest, ReadResponse> call, long known) throws IOException {
    long skip = known;
    for (ReadResponse answer = call.next(attempts.silence());
        answer != null;
        answer = call.next(attempts.silence())) {
      ByteBuffer data = answer.getData().asReadOnlyByteBuffer();
      int skipped = (int) Math.min(skip, data.remaining());
      skip -= skipped;
      attempts.alive();
      data.position(skipped);
      if (end == digest.size()) {
        deliver(data);
      } else {
        data.limit(data.position() + (int) Math.min(data.remaining(), end - position));
        deliver(data);
        if (position == end) {
          return; // what is left, if the server knows no limits, is not wanted
        }
      }
    }
  }

  private void decompress(Call<ReadRequest, ReadResponse> call) throws IOException {
    byte[] buffer = new byte[BUFFER];
    try (InputStream in = Zstandard.decompressing(new Incoming(call))) {
      for (int count = read(in, buffer); count >= 0; count = read(in, buffer)) {
        deliver(ByteBuffer.wrap(buffer, 0, count));
      }
    }
  }

  /** Reads, and tells what is no zstd from what the call says. */
  private int read(InputStream in, byte[] buffer) throws IOException {
    try {
      return in.read(buffer);
    } catch (RemoteException | InterruptedIOException e) {
      throw e;
    } catch (IOException e) {
      throw Failures.endedEarly(
          connection.target(), what, "its compressed form cannot be read: " + e.getMessage());
    }
  }

  private void deliver(ByteBuffer data) throws IOException {
    int count = data.remaining();
    if (count == 0) {
      return;
    }
    if (count > end - position) {
      throw Failures.wrongContent(
          connection.target(), what, "more than %d bytes have come".formatted(digest.size()));
    }
    if (hasher != null) {
      hasher.update(data.duplicate());
    }
    connection.counts().received(count);
    sink.take(data);
    position += count;
    attempts.progress();
  }

  /** Whether the server begins where it is asked to: it is asked for the last byte. */
  private Connection.Offsets probe() throws IOException {
    long count = 0;
    try (Throttle.Turn _ = connection.throttle().call();
        Call<ReadRequest, ReadResponse> call = start(digest.size() - 1, 0)) {
      ReadResponse answer = call.next(attempts.silence());
      while (answer != null && count <= 1) {
        count += answer.getData().size();
        answer = call.next(attempts.silence());
      }
    } catch (RemoteException e) {
      if (e.kind() != Kind.FAILED && e.kind() != Kind.UNSUPPORTED) {
        throw e;
      }
    }
    return count == 1 ? Connection.Offsets.HONOURED : Connection.Offsets.IGNORED;
  }

  private void verify() throws RemoteException {
    if (hasher != null) {
      byte[] actual = hasher.digest();
      if (!digest.equals(Digest.of(actual, digest.size()))) {
        throw Failures.wrongContent(
            connection.target(), what, "its hash is " + HexFormat.of().formatHex(actual));
      }
    }
  }

  /** What a call brings, as one stream. */
  private final class Incoming extends InputStream {
    private final Call<ReadRequest, ReadResponse> call;
    private ByteBuffer data = ByteBuffer.allocate(0);

    Incoming(Call<ReadRequest, ReadResponse> call) {
      this.call = call;
    }

    @Override
    public int read() throws IOException {
      return fill() ? data.get() & 0xff : -1;
    }

    @Override
    public int read(byte[] target, int offset, int length) throws IOException {
      if (!fill()) {
        return -1;
      }
      int count = Math.min(length, data.remaining());
      data.get(target, offset, count);
      return count;
    }

    private boolean fill() throws IOException {
      while (!data.hasRemaining()) {
        ReadResponse answer = call.next(attempts.silence());
        if (answer == null) {
          return false;
        }
        data = answer.getData().asReadOnlyByteBuffer();
      }
      return true;
    }
  }
}
