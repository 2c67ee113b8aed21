package build.inputfs.cas.remote;

import build.inputfs.cas.digest.Digest;
import build.inputfs.cas.proto.BatchReadBlobsRequest;
import build.inputfs.cas.proto.BatchReadBlobsResponse;
import build.inputfs.cas.proto.Compressor;
import build.inputfs.cas.proto.ContentAddressableStorageGrpc;
import build.inputfs.cas.proto.Digests;
import build.inputfs.cas.remote.RemoteException.Kind;
import build.inputfs.cas.store.MissingBlobException;
import com.google.protobuf.ByteString;
import io.grpc.Status;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.security.MessageDigest;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * The reading of one group of blobs: in a batch, by BatchReadBlobs, or each in a stream. Blobs of a
 * batch that have no answer afterwards are to be read in streams: the server has no batches, or
 * refuses this one. For one thread.
 */
final class BatchRead {
  /** The largest array that Java has for sure. */
  private static final long LARGEST = Integer.MAX_VALUE - 8;

  private final Caller caller;
  private final Connection connection;
  private final Map<Digest, Answer> answers = new LinkedHashMap<>();

  /** What came of one blob. */
  sealed interface Answer {}

  /** It has come, and was verified. */
  record Content(ByteBuffer bytes) implements Answer {}

  /** It cannot be had. */
  record Failure(IOException cause) implements Answer {}

  BatchRead(Caller caller) {
    this.caller = caller;
    this.connection = caller.connection();
  }

  /** Reads the blobs in one batch. */
  Map<Digest, Answer> batch(Collection<Digest> group) throws IOException {
    List<Digest> left = new ArrayList<>(group);
    Attempts attempts = caller.attempts();
    while (!left.isEmpty()) {
      try {
        attempt(left, attempts);
        left.removeIf(answers::containsKey);
        if (!left.isEmpty()) {
          attempts.failed(unanswered(left));
        }
      } catch (RemoteException e) {
        if (e.kind() == Kind.UNSUPPORTED) {
          connection.learnNoBatchReads();
        }
        if (e.kind() == Kind.UNSUPPORTED || (e.kind() == Kind.FAILED && group.size() > 1)) {
          return answers;
        }
        if (!attempts.mayFail(e)) {
          left.forEach(digest -> answers.put(digest, new Failure(about(digest, e))));
          left.clear();
        }
      }
    }
    return answers;
  }

  /** Reads a blob in a stream. */
  Map<Digest, Answer> stream(Digest digest) throws IOException {
    try {
      if (digest.size() > LARGEST) {
        throw Failures.tooLarge(connection.target(), "reading blobs/" + digest);
      }
      ByteBuffer content = ByteBuffer.allocate((int) digest.size());
      BlobRead.whole(caller, digest, content::put);
      answers.put(digest, new Content(content.flip()));
    } catch (MissingBlobException | RemoteException e) {
      answers.put(digest, new Failure(e));
    }
    return answers;
  }

  private void attempt(List<Digest> wanted, Attempts attempts) throws IOException {
    BatchReadBlobsRequest.Builder request =
        BatchReadBlobsRequest.newBuilder()
            .setInstanceName(connection.target().instance())
            .setDigestFunction(caller.functionValue());
    Map<build.inputfs.cas.proto.Digest, Digest> asked = new HashMap<>();
    for (Digest digest : wanted) {
      build.inputfs.cas.proto.Digest message = Digests.toProto(digest);
      asked.put(message, digest);
      request.addDigests(message);
    }
    if (caller.capabilities(what(wanted)).zstd()) {
      request.addAcceptableCompressors(Compressor.Value.ZSTD);
    }
    BatchReadBlobsResponse response =
        caller.askOnce(
            ContentAddressableStorageGrpc.getBatchReadBlobsMethod(),
            request.build(),
            what(wanted),
            attempts);
    for (BatchReadBlobsResponse.Response one : response.getResponsesList()) {
      Digest digest = asked.get(one.getDigest());
      if (digest != null && take(digest, one)) {
        attempts.progress();
      }
    }
  }

  /** Takes what the server says of one blob, unless that may be better the next time. */
  private boolean take(Digest digest, BatchReadBlobsResponse.Response response) {
    String what = "reading blobs/" + digest;
    Status status =
        Status.fromCodeValue(response.getStatus().getCode())
            .withDescription(response.getStatus().getMessage());
    if (!status.isOk()) {
      RemoteException failure = Failures.of(status, connection.target(), what);
      if (failure.isRetriable()) {
        return false;
      }
      answers.put(digest, new Failure(about(digest, failure)));
      return true;
    }
    try {
      ByteBuffer content = content(digest, response.getCompressor(), response.getData());
      check(digest, content);
      connection.counts().received(content.remaining());
      answers.put(digest, new Content(content));
    } catch (RemoteException e) {
      answers.put(digest, new Failure(e));
    } catch (IOException e) {
      answers.put(
          digest,
          new Failure(
              Failures.wrongContent(connection.target(), what, String.valueOf(e.getMessage()))));
    }
    return true;
  }

  private static ByteBuffer content(Digest digest, Compressor.Value compressor, ByteString data)
      throws IOException {
    if (compressor == Compressor.Value.IDENTITY) {
      return data.asReadOnlyByteBuffer();
    }
    if (compressor == Compressor.Value.ZSTD) {
      return Zstandard.decompress(data.asReadOnlyByteBuffer(), (int) digest.size());
    }
    throw new IOException("it came in the form of " + compressor + ", which was not asked for");
  }

  private void check(Digest digest, ByteBuffer content) throws RemoteException {
    MessageDigest hasher = connection.function().newHasher();
    int size = content.remaining();
    hasher.update(content.duplicate());
    Digest actual = Digest.of(hasher.digest(), size);
    if (!actual.equals(digest)) {
      throw Failures.wrongContent(
          connection.target(), "reading blobs/" + digest, "what came is " + actual);
    }
  }

  private RemoteException unanswered(List<Digest> left) {
    return Failures.of(
        Status.UNAVAILABLE.withDescription("the server did not give all of them"),
        connection.target(),
        what(left));
  }

  /** The same failure, of this blob. */
  IOException about(Digest digest, RemoteException failure) {
    return switch (failure.kind()) {
      case NOT_FOUND ->
          new MissingBlobException(connection.function(), digest, "not on " + connection.target());
      case UNAVAILABLE, DEADLINE, WRONG_CONTENT, REFUSED, UNSUPPORTED, FAILED ->
          String.valueOf(failure.getMessage()).contains(digest.hex())
              ? failure
              : failure.about("reading blobs/" + digest);
    };
  }

  private static String what(List<Digest> digests) {
    return Failures.what("reading", digests);
  }
}
