package build.inputfs.cas.remote;

import build.inputfs.cas.digest.Digest;
import build.inputfs.cas.proto.BatchUpdateBlobsRequest;
import build.inputfs.cas.proto.BatchUpdateBlobsResponse;
import build.inputfs.cas.proto.Compressor;
import build.inputfs.cas.proto.ContentAddressableStorageGrpc;
import build.inputfs.cas.proto.Digests;
import build.inputfs.cas.remote.RemoteException.Kind;
import com.google.protobuf.UnsafeByteOperations;
import io.grpc.Status;
import java.io.IOException;
import java.io.InterruptedIOException;
import java.nio.ByteBuffer;
import java.nio.channels.SeekableByteChannel;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * The sending of one group of blobs in a batch, by BatchUpdateBlobs. Blobs without an answer
 * afterwards are to be sent in streams: the server has no batches, or refuses this one. For one
 * thread.
 */
final class BatchWrite {
  private final Caller caller;
  private final Connection connection;
  private final ContentSource source;

  private final Map<Digest, Answer> answers = new LinkedHashMap<>();

  /** What came of one blob. */
  sealed interface Answer {}

  /** The server has it. */
  record Sent() implements Answer {}

  /** It could not be sent. */
  record Failure(IOException cause) implements Answer {}

  BatchWrite(Caller caller, ContentSource source) {
    this.caller = caller;
    this.connection = caller.connection();
    this.source = source;
  }

  /** Sends the blobs in one batch. */
  Map<Digest, Answer> batch(List<Digest> group) throws IOException {
    Map<Digest, BatchUpdateBlobsRequest.Request> left = contents(group);
    Attempts attempts = caller.attempts();
    while (!left.isEmpty()) {
      try {
        attempt(left, attempts);
        left.keySet().removeAll(answers.keySet());
        if (!left.isEmpty()) {
          attempts.failed(
              Failures.of(
                  Status.UNAVAILABLE.withDescription("the server did not take all of them"),
                  connection.target(),
                  what(left.keySet())));
        }
      } catch (RemoteException e) {
        if (e.kind() == Kind.UNSUPPORTED) {
          connection.learnNoBatchUpdates();
        }
        if (e.kind() == Kind.UNSUPPORTED || (e.kind() == Kind.FAILED && group.size() > 1)) {
          return answers;
        }
        if (!attempts.mayFail(e)) {
          left.keySet().forEach(digest -> answers.put(digest, new Failure(about(digest, e))));
          left.clear();
        }
      }
    }
    return answers;
  }

  /** Sends a blob in a stream. */
  Map<Digest, Answer> stream(Digest digest) throws IOException {
    try {
      BlobWrite.run(caller, digest, source);
      answers.put(digest, new Sent());
    } catch (InterruptedIOException e) {
      throw e;
    } catch (IOException e) {
      answers.put(digest, new Failure(e));
    }
    return answers;
  }

  /** Reads the blobs; what cannot be read is answered at once. */
  private Map<Digest, BatchUpdateBlobsRequest.Request> contents(List<Digest> group)
      throws IOException {
    boolean zstd = caller.capabilities(what(group)).zstdBatchUpdates();
    Map<Digest, BatchUpdateBlobsRequest.Request> contents = new LinkedHashMap<>();
    for (Digest digest : group) {
      try {
        contents.put(digest, content(digest, zstd));
      } catch (InterruptedIOException e) {
        throw e;
      } catch (IOException e) {
        answers.put(digest, new Failure(e));
      }
    }
    return contents;
  }

  private BatchUpdateBlobsRequest.Request content(Digest digest, boolean zstd) throws IOException {
    ByteBuffer content = ByteBuffer.allocate(Math.toIntExact(digest.size()));
    try (SeekableByteChannel channel = source.open(digest)) {
      while (content.hasRemaining() && channel.read(content) >= 0) {}
      if (content.hasRemaining() || channel.size() != digest.size()) {
        throw new IOException(
            "blobs/%s has %d bytes here, so it is not sent".formatted(digest, channel.size()));
      }
    }
    BatchUpdateBlobsRequest.Request.Builder request =
        BatchUpdateBlobsRequest.Request.newBuilder().setDigest(Digests.toProto(digest));
    if (zstd && digest.size() >= Zstandard.SMALLEST) {
      byte[] smaller = Zstandard.compress(content.array());
      if (smaller.length < digest.size()) {
        return request
            .setCompressor(Compressor.Value.ZSTD)
            .setData(UnsafeByteOperations.unsafeWrap(smaller))
            .build();
      }
    }
    return request.setData(UnsafeByteOperations.unsafeWrap(content.flip())).build();
  }

  private void attempt(Map<Digest, BatchUpdateBlobsRequest.Request> left, Attempts attempts)
      throws IOException {
    Map<build.inputfs.cas.proto.Digest, Digest> asked = new HashMap<>();
    left.keySet().forEach(digest -> asked.put(Digests.toProto(digest), digest));
    BatchUpdateBlobsResponse response =
        caller.askOnce(
            ContentAddressableStorageGrpc.getBatchUpdateBlobsMethod(),
            BatchUpdateBlobsRequest.newBuilder()
                .setInstanceName(connection.target().instance())
                .setDigestFunction(caller.functionValue())
                .addAllRequests(new ArrayList<>(left.values()))
                .build(),
            what(left.keySet()),
            attempts);
    for (BatchUpdateBlobsResponse.Response one : response.getResponsesList()) {
      Digest digest = asked.get(one.getDigest());
      if (digest != null && take(digest, one)) {
        attempts.progress();
      }
    }
  }

  /** Takes what the server says of one blob, unless that may be better the next time. */
  private boolean take(Digest digest, BatchUpdateBlobsResponse.Response response) {
    Status status =
        Status.fromCodeValue(response.getStatus().getCode())
            .withDescription(response.getStatus().getMessage());
    if (status.isOk() || status.getCode() == Status.Code.ALREADY_EXISTS) {
      connection.counts().sent(digest.size());
      answers.put(digest, new Sent());
      return true;
    }
    RemoteException failure = Failures.of(status, connection.target(), "sending blobs/" + digest);
    if (failure.isRetriable()) {
      return false;
    }
    answers.put(digest, new Failure(failure));
    return true;
  }

  private static RemoteException about(Digest digest, RemoteException failure) {
    return failure.about("sending blobs/" + digest);
  }

  private static String what(Collection<Digest> digests) {
    return Failures.what("sending", digests);
  }
}
