package build.inputfs.cas.remote.testserver;

import build.inputfs.cas.digest.Digest;
import build.inputfs.cas.proto.ByteStreamGrpc;
import build.inputfs.cas.proto.QueryWriteStatusRequest;
import build.inputfs.cas.proto.QueryWriteStatusResponse;
import build.inputfs.cas.proto.ReadRequest;
import build.inputfs.cas.proto.ReadResponse;
import build.inputfs.cas.proto.WriteRequest;
import build.inputfs.cas.proto.WriteResponse;
import com.github.luben.zstd.ZstdInputStream;
import com.github.luben.zstd.ZstdOutputStream;
import com.google.protobuf.ByteString;
import com.google.protobuf.UnsafeByteOperations;
import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import io.grpc.stub.ServerCallStreamObserver;
import io.grpc.stub.StreamObserver;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Duration;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/** Contents as streams. */
final class ByteStreamService extends ByteStreamGrpc.ByteStreamImplBase {
  private final ReapiServer server;

  /** Uploads that have begun and not ended, by resource name. */
  private final Map<String, Path> uploads = new ConcurrentHashMap<>();

  ByteStreamService(ReapiServer server) {
    this.server = server;
  }

  @Override
  public void read(ReadRequest request, StreamObserver<ReadResponse> answer) {
    Fault fault = ReapiServer.fault();
    String name = request.getResourceName();
    try {
      Digest digest = digest(name);
      ReapiServer.Habits habits = server.habits();
      boolean zstd = name.contains("compressed-blobs/zstd/");
      if (name.contains("compressed-blobs/") && !(zstd && server.offer().zstd())) {
        throw Status.INVALID_ARGUMENT.withDescription("no such compressor").asRuntimeException();
      }
      if (!server.has(digest)) {
        throw Status.NOT_FOUND.withDescription("no such blob").asRuntimeException();
      }
      long offset = habits.ignoresOffset() ? 0 : request.getReadOffset();
      long limit = habits.ignoresLimit() ? 0 : request.getReadLimit();
      Path file = zstd ? compressed(digest, offset) : null;
      FileChannel channel = file == null ? server.blobs().open(digest) : FileChannel.open(file);
      long from = zstd ? 0 : offset;
      if (from > channel.size()) {
        channel.close();
        throw Status.OUT_OF_RANGE.withDescription("beyond the end").asRuntimeException();
      }
      long end = limit > 0 ? Math.min(channel.size(), from + limit) : channel.size();
      ServerCallStreamObserver<ReadResponse> out = (ServerCallStreamObserver<ReadResponse>) answer;
      Pump pump = new Pump(out, channel, file, from, end, habits.chunk(), fault);
      out.setOnReadyHandler(pump::run);
      out.setOnCancelHandler(pump::close);
    } catch (StatusRuntimeException e) {
      answer.onError(e);
    } catch (IOException e) {
      answer.onError(Status.INTERNAL.withCause(e).withDescription(e.toString()).asException());
    }
  }

  private Path compressed(Digest digest, long offset) throws IOException {
    Path file = server.blobs().newFile();
    try (FileChannel content = server.blobs().open(digest);
        OutputStream out = new ZstdOutputStream(Files.newOutputStream(file))) {
      for (long at = offset; at < content.size(); at += 1 << 16) {
        out.write(Blobs.read(content, at, (int) Math.min(1 << 16, content.size() - at)));
      }
    }
    return file;
  }

  /** Sends a file as fast as it is taken. */
  private static final class Pump {
    private final ServerCallStreamObserver<ReadResponse> out;
    private final FileChannel channel;
    private final @Nullable Path temporary;
    private final long start;
    private final long end;
    private final int chunk;
    private final @Nullable Fault fault;
    private long at;
    private long due = System.nanoTime();
    private boolean closed;

    Pump(
        ServerCallStreamObserver<ReadResponse> out,
        FileChannel channel,
        @Nullable Path temporary,
        long start,
        long end,
        int chunk,
        @Nullable Fault fault) {
      this.out = out;
      this.channel = channel;
      this.temporary = temporary;
      this.start = start;
      this.at = start;
      this.end = end;
      this.chunk = chunk;
      this.fault = fault;
    }

    synchronized void run() {
      try {
        while (!closed && out.isReady()) {
          if (fault instanceof Fault.Fails(Status.Code code, long after) && at - start >= after) {
            close();
            out.onError(code.toStatus().withDescription("told to fail").asRuntimeException());
            return;
          }
          if (fault instanceof Fault.Hangs(long after) && at - start >= after) {
            return;
          }
          if (fault instanceof Fault.Trickles(Duration pause) && at < end) {
            trickle(pause);
            return;
          }
          boolean early = fault instanceof Fault.EndsEarly(long after) && at - start >= after;
          if (at >= end || early) {
            if (fault instanceof Fault.Adds(int bytes)) {
              send(new byte[bytes]);
            }
            close();
            out.onCompleted();
            return;
          }
          byte[] bytes = Blobs.read(channel, at, (int) Math.min(chunk, next() - at));
          if (fault instanceof Fault.Corrupts(long wrong)
              && wrong >= at
              && wrong < at + bytes.length) {
            bytes[(int) (wrong - at)] ^= 1;
          }
          send(bytes);
          at += bytes.length;
        }
      } catch (IOException e) {
        close();
        out.onError(Status.INTERNAL.withCause(e).withDescription(e.toString()).asException());
      }
    }

    /** Sends one byte if it is time, and has this called again. */
    private void trickle(Duration pause) throws IOException {
      long now = System.nanoTime();
      if (now - due >= 0) {
        send(Blobs.read(channel, at, 1));
        at++;
        due = now + pause.toNanos();
        CompletableFuture.delayedExecutor(pause.toNanos(), TimeUnit.NANOSECONDS).execute(this::run);
      }
    }

    /** Where the next piece ends at the latest. */
    private long next() {
      long after =
          switch (fault) {
            case Fault.Fails(_, long bytes) -> bytes;
            case Fault.Hangs(long bytes) -> bytes;
            case Fault.EndsEarly(long bytes) -> bytes;
            case Fault.Corrupts _, Fault.Adds _, Fault.Trickles _, Fault.Waits _ ->
                Long.MAX_VALUE - start;
            case null -> Long.MAX_VALUE - start;
          };
      return Math.min(end, start + after);
    }

    private void send(byte[] bytes) {
      out.onNext(ReadResponse.newBuilder().setData(UnsafeByteOperations.unsafeWrap(bytes)).build());
    }

    synchronized void close() {
      closed = true;
      try {
        channel.close();
        if (temporary != null) {
          Files.deleteIfExists(temporary);
        }
      } catch (IOException e) {
        throw new java.io.UncheckedIOException(e);
      }
    }
  }

  @Override
  public StreamObserver<WriteRequest> write(StreamObserver<WriteResponse> answer) {
    return new Upload(answer, ReapiServer.fault());
  }

  @Override
  public void queryWriteStatus(
      QueryWriteStatusRequest request, StreamObserver<QueryWriteStatusResponse> answer) {
    try {
      Path file = uploads.get(request.getResourceName());
      Digest digest = digest(request.getResourceName());
      if (file == null && !server.has(digest)) {
        throw Status.NOT_FOUND.withDescription("no such upload").asRuntimeException();
      }
      answer.onNext(
          QueryWriteStatusResponse.newBuilder()
              .setCommittedSize(file == null ? digest.size() : Files.size(file))
              .setComplete(file == null)
              .build());
      answer.onCompleted();
    } catch (StatusRuntimeException e) {
      answer.onError(e);
    } catch (IOException e) {
      answer.onError(Status.INTERNAL.withCause(e).asException());
    }
  }

  private Digest digest(String name) {
    String instance = server.habits().instance();
    if (!name.startsWith(instance.isEmpty() ? "" : instance + "/")
        || (instance.isEmpty() && !name.matches("(uploads|blobs|compressed-blobs)/.*"))) {
      throw Status.NOT_FOUND.withDescription("no such instance").asRuntimeException();
    }
    try {
      return Digest.parse(name);
    } catch (IllegalArgumentException e) {
      throw Status.INVALID_ARGUMENT.withDescription(e.getMessage()).asRuntimeException();
    }
  }

  /** One call of Write. gRPC calls it by one thread at a time. */
  private final class Upload implements StreamObserver<WriteRequest> {
    private final StreamObserver<WriteResponse> answer;
    private final @Nullable Fault fault;
    private String name = "";
    private @Nullable Path file;
    private long taken;
    private boolean done;

    Upload(StreamObserver<WriteResponse> answer, @Nullable Fault fault) {
      this.answer = answer;
      this.fault = fault;
    }

    @Override
    public void onNext(WriteRequest request) {
      if (done) {
        return;
      }
      try {
        take(request);
      } catch (StatusRuntimeException e) {
        end(e);
      } catch (IOException e) {
        end(Status.INTERNAL.withCause(e).withDescription(e.toString()).asRuntimeException());
      }
    }

    private void take(WriteRequest request) throws IOException {
      boolean first = name.isEmpty();
      if (first) {
        name = request.getResourceName();
      }
      Digest digest = digest(name);
      if (first && server.has(digest)) {
        finish(digest.size());
        return;
      }
      Path target = file;
      if (target == null) {
        target = uploads.get(name);
        if (target == null) {
          target = server.blobs().newFile();
          uploads.put(name, target);
        }
        file = target;
      }
      if (request.getWriteOffset() != Files.size(target)) {
        throw Status.INVALID_ARGUMENT
            .withDescription(
                "offset %d after %d bytes".formatted(request.getWriteOffset(), Files.size(target)))
            .asRuntimeException();
      }
      ByteString data = request.getData();
      if (fault instanceof Fault.Fails(Status.Code code, long after)
          && taken + data.size() > after) {
        append(target, data.substring(0, (int) (after - taken)));
        throw code.toStatus().withDescription("told to fail").asRuntimeException();
      }
      if (fault instanceof Fault.Hangs(long after) && taken + data.size() > after) {
        done = true;
        return;
      }
      append(target, data);
      taken += data.size();
      if (request.getFinishWrite()) {
        publish(digest, target);
      }
    }

    private void publish(Digest digest, Path target) throws IOException {
      long size = Files.size(target);
      Path content = target;
      if (name.contains("compressed-blobs/zstd/")) {
        content = server.blobs().newFile();
        try (InputStream in = new ZstdInputStream(Files.newInputStream(target));
            OutputStream out = Files.newOutputStream(content)) {
          in.transferTo(out);
        }
        Files.delete(target);
      }
      uploads.remove(name);
      if (!server.blobs().take(content, digest)) {
        Files.deleteIfExists(content);
        throw Status.INVALID_ARGUMENT
            .withDescription("not what the digest says")
            .asRuntimeException();
      }
      finish(size);
    }

    private void finish(long size) {
      done = true;
      answer.onNext(WriteResponse.newBuilder().setCommittedSize(size).build());
      answer.onCompleted();
    }

    private void end(StatusRuntimeException failure) {
      done = true;
      if (server.habits().forgetsUploads()) {
        uploads.remove(name);
      }
      answer.onError(failure);
    }

    private static void append(Path file, ByteString data) throws IOException {
      try (OutputStream out = Files.newOutputStream(file, StandardOpenOption.APPEND)) {
        data.writeTo(out);
      }
    }

    @Override
    public void onError(Throwable failure) {
      done = true;
    }

    @Override
    public void onCompleted() {
      if (!done) {
        done = true;
        answer.onError(
            Status.INVALID_ARGUMENT.withDescription("no finish_write").asRuntimeException());
      }
    }
  }
}
