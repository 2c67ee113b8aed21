package build.inputfs.cas.remote;

import build.inputfs.cas.digest.Digest;
import build.inputfs.cas.proto.ByteStreamGrpc;
import build.inputfs.cas.proto.QueryWriteStatusRequest;
import build.inputfs.cas.proto.QueryWriteStatusResponse;
import build.inputfs.cas.proto.WriteRequest;
import build.inputfs.cas.proto.WriteResponse;
import build.inputfs.cas.remote.RemoteException.Kind;
import com.google.protobuf.UnsafeByteOperations;
import io.grpc.Status;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.ByteBuffer;
import java.nio.channels.SeekableByteChannel;

/**
 * One sending of a blob, by ByteStream's Write. A stream that breaks is taken up where the server
 * says that it broke (QueryWriteStatus), or begins anew where it does not say; a compressed one
 * always begins anew. For one thread.
 */
final class BlobWrite {
  private static final int CHUNK = 1 << 18;

  private final Caller caller;
  private final Connection connection;
  private final Digest digest;
  private final ContentSource source;
  private final Attempts attempts;
  private final String what;
  private boolean compressed;
  private String name;

  /** What the server has of it. */
  private long committed;

  private BlobWrite(Caller caller, Digest digest, ContentSource source, boolean compressed) {
    this.caller = caller;
    this.connection = caller.connection();
    this.digest = digest;
    this.source = source;
    this.attempts = caller.attempts();
    this.what = "sending blobs/" + digest;
    this.compressed = compressed;
    this.name = connection.names().write(digest, compressed);
  }

  static void run(Caller caller, Digest digest, ContentSource source) throws IOException {
    RemoteCapabilities server = caller.capabilities("sending blobs/" + digest);
    if (server.maxBlobBytes() > 0 && digest.size() > server.maxBlobBytes()) {
      throw new RemoteException(
          Kind.UNSUPPORTED,
          false,
          caller.target(),
          "sending blobs/" + digest,
          "the server takes no more than %d bytes".formatted(server.maxBlobBytes()),
          null);
    }
    boolean compressed = digest.size() >= Zstandard.SMALLEST && server.zstd();
    new BlobWrite(caller, digest, source, compressed).run();
  }

  private void run() throws IOException {
    try (SeekableByteChannel content = source.open(digest)) {
      if (content.size() != digest.size()) {
        throw new IOException(
            "blobs/%s has %d bytes here, so it is not sent".formatted(digest, content.size()));
      }
      boolean done = false;
      while (!done) {
        try {
          attempt(content);
          done = true;
        } catch (RemoteException e) {
          done = e.isAlreadyThere() || recover(e);
        }
      }
      connection.counts().sent(digest.size());
    }
  }

  private void attempt(SeekableByteChannel content) throws IOException {
    try (Throttle.Turn _ = connection.throttle().call();
        Call<WriteRequest, WriteResponse> call =
            caller.start(ByteStreamGrpc.getWriteMethod(), what)) {
      content.position(committed);
      Outgoing out = new Outgoing(call, committed);
      if (compressed) {
        out.compress(content);
      } else {
        out.copy(content);
      }
      long taken = call.only(attempts.silence()).getCommittedSize();
      if (!compressed && taken != digest.size()) {
        throw Failures.of(
            Status.UNAVAILABLE.withDescription(
                "the server has taken %d of %d bytes".formatted(taken, digest.size())),
            connection.target(),
            what);
      }
    }
  }

  /** Prepares another attempt, unless none is needed. */
  private boolean recover(RemoteException failure) throws IOException {
    boolean refused = failure.kind() == Kind.FAILED || failure.kind() == Kind.UNSUPPORTED;
    if (refused && (compressed || committed > 0)) {
      compressed = false;
      startAnew();
      return false;
    }
    attempts.failed(failure);
    if (compressed) {
      startAnew();
      return false;
    }
    return query();
  }

  private void startAnew() {
    name = connection.names().write(digest, compressed);
    committed = 0;
  }

  /** Asks what the server has; true when it has everything. */
  private boolean query() throws IOException {
    try {
      QueryWriteStatusResponse status =
          caller.askOnce(
              ByteStreamGrpc.getQueryWriteStatusMethod(),
              QueryWriteStatusRequest.newBuilder().setResourceName(name).build(),
              what,
              attempts);
      long size = status.getCommittedSize();
      if (status.getComplete()) {
        return size == digest.size();
      }
      if (size > committed && size <= digest.size()) {
        committed = size;
        attempts.progress();
      } else if (size != committed) {
        startAnew();
      }
    } catch (RemoteException e) {
      startAnew();
    }
    return false;
  }

  /** The messages of one stream. Each is sent from the same buffer, which gRPC copies at once. */
  private final class Outgoing extends OutputStream {
    private final Call<WriteRequest, WriteResponse> call;
    private final ByteBuffer chunk = ByteBuffer.allocate(CHUNK);
    private long offset;
    private boolean first = true;

    /** Whether the server still wants what comes: not when it has answered. */
    private boolean wanted = true;

    Outgoing(Call<WriteRequest, WriteResponse> call, long offset) {
      this.call = call;
      this.offset = offset;
    }

    void copy(SeekableByteChannel content) throws IOException {
      while (wanted && content.read(chunk) >= 0) {
        if (!chunk.hasRemaining()) {
          send(false);
        }
      }
      finish();
    }

    void compress(SeekableByteChannel content) throws IOException {
      ByteBuffer plain = ByteBuffer.allocate(CHUNK);
      try (OutputStream zstd = Zstandard.compressing(this)) {
        while (wanted && content.read(plain) >= 0) {
          zstd.write(plain.array(), 0, plain.position());
          plain.clear();
        }
      }
      finish();
    }

    @Override
    public void write(int one) throws IOException {
      write(new byte[] {(byte) one}, 0, 1);
    }

    @Override
    public void write(byte[] bytes, int from, int length) throws IOException {
      int at = from;
      while (wanted && at < from + length) {
        int count = Math.min(chunk.remaining(), from + length - at);
        chunk.put(bytes, at, count);
        at += count;
        if (!chunk.hasRemaining()) {
          send(false);
        }
      }
    }

    private void finish() throws IOException {
      if (wanted) {
        send(true);
      }
      if (wanted) {
        call.halfClose();
      }
    }

    private void send(boolean last) throws IOException {
      chunk.flip();
      WriteRequest.Builder message =
          WriteRequest.newBuilder()
              .setWriteOffset(offset)
              .setFinishWrite(last)
              .setData(UnsafeByteOperations.unsafeWrap(chunk));
      if (first) {
        message.setResourceName(name);
      }
      wanted = call.send(message.build(), attempts.silence());
      attempts.alive();
      offset += chunk.limit();
      first = false;
      chunk.clear();
    }
  }
}
