package build.inputfs.cas.remote.testserver;

import build.inputfs.cas.digest.Digest;
import build.inputfs.cas.proto.BatchReadBlobsRequest;
import build.inputfs.cas.proto.BatchReadBlobsResponse;
import build.inputfs.cas.proto.BatchUpdateBlobsRequest;
import build.inputfs.cas.proto.BatchUpdateBlobsResponse;
import build.inputfs.cas.proto.Compressor;
import build.inputfs.cas.proto.ContentAddressableStorageGrpc;
import build.inputfs.cas.proto.Digests;
import build.inputfs.cas.proto.Directory;
import build.inputfs.cas.proto.DirectoryNode;
import build.inputfs.cas.proto.FindMissingBlobsRequest;
import build.inputfs.cas.proto.FindMissingBlobsResponse;
import build.inputfs.cas.proto.GetTreeRequest;
import build.inputfs.cas.proto.GetTreeResponse;
import com.github.luben.zstd.Zstd;
import com.google.protobuf.ByteString;
import com.google.rpc.Status;
import io.grpc.Status.Code;
import io.grpc.stub.StreamObserver;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** Blobs in batches, and trees. */
final class CasService extends ContentAddressableStorageGrpc.ContentAddressableStorageImplBase {
  private final ReapiServer server;

  CasService(ReapiServer server) {
    this.server = server;
  }

  /** What answers a call. */
  @FunctionalInterface
  private interface Answering {
    void run() throws IOException;
  }

  private void serve(String instance, StreamObserver<?> answer, Answering work) {
    try {
      if (!instance.equals(server.habits().instance())) {
        answer.onError(
            io.grpc.Status.NOT_FOUND.withDescription("no such instance").asRuntimeException());
        return;
      }
      work.run();
      answer.onCompleted();
    } catch (IOException e) {
      answer.onError(
          io.grpc.Status.INTERNAL.withDescription(e.toString()).withCause(e).asRuntimeException());
    } catch (io.grpc.StatusRuntimeException e) {
      answer.onError(e);
    }
  }

  @Override
  public void findMissingBlobs(
      FindMissingBlobsRequest request, StreamObserver<FindMissingBlobsResponse> answer) {
    serve(
        request.getInstanceName(),
        answer,
        () -> {
          FindMissingBlobsResponse.Builder response = FindMissingBlobsResponse.newBuilder();
          for (build.inputfs.cas.proto.Digest digest : request.getBlobDigestsList()) {
            if (!server.has(Digests.fromProto(digest))) {
              response.addMissingBlobDigests(digest);
            }
          }
          answer.onNext(response.build());
        });
  }

  @Override
  public void batchReadBlobs(
      BatchReadBlobsRequest request, StreamObserver<BatchReadBlobsResponse> answer) {
    Fault fault = ReapiServer.fault();
    serve(
        request.getInstanceName(),
        answer,
        () -> {
          checkBatch(
              request.getDigestsList().stream()
                  .mapToLong(build.inputfs.cas.proto.Digest::getSizeBytes)
                  .sum());
          boolean zstd =
              server.offer().zstd()
                  && request.getAcceptableCompressorsList().contains(Compressor.Value.ZSTD);
          BatchReadBlobsResponse.Builder response = BatchReadBlobsResponse.newBuilder();
          for (build.inputfs.cas.proto.Digest digest : request.getDigestsList()) {
            boolean first = response.getResponsesCount() == 0;
            response.addResponses(read(digest, zstd, first ? fault : null));
          }
          if (fault instanceof Fault.EndsEarly) {
            response.removeResponses(response.getResponsesCount() - 1);
          }
          answer.onNext(response.build());
        });
  }

  private BatchReadBlobsResponse.Response read(
      build.inputfs.cas.proto.Digest message, boolean zstd, @Nullable Fault fault)
      throws IOException {
    BatchReadBlobsResponse.Response.Builder one =
        BatchReadBlobsResponse.Response.newBuilder().setDigest(message);
    Digest digest = Digests.fromProto(message);
    if (!server.has(digest)) {
      return one.setStatus(status(Code.NOT_FOUND, "no such blob")).build();
    }
    byte[] content = server.get(digest);
    if (fault instanceof Fault.Corrupts(long at)) {
      content[(int) (at % content.length)] ^= 1;
    } else if (fault instanceof Fault.Adds(int bytes)) {
      content = Arrays.copyOf(content, content.length + bytes);
    }
    return zstd
        ? one.setCompressor(Compressor.Value.ZSTD)
            .setData(ByteString.copyFrom(Zstd.compress(content)))
            .build()
        : one.setData(ByteString.copyFrom(content)).build();
  }

  @Override
  public void batchUpdateBlobs(
      BatchUpdateBlobsRequest request, StreamObserver<BatchUpdateBlobsResponse> answer) {
    Fault fault = ReapiServer.fault();
    serve(
        request.getInstanceName(),
        answer,
        () -> {
          checkBatch(
              request.getRequestsList().stream().mapToLong(one -> one.getData().size()).sum());
          BatchUpdateBlobsResponse.Builder response = BatchUpdateBlobsResponse.newBuilder();
          for (BatchUpdateBlobsRequest.Request one : request.getRequestsList()) {
            response.addResponses(
                BatchUpdateBlobsResponse.Response.newBuilder()
                    .setDigest(one.getDigest())
                    .setStatus(update(one)));
          }
          if (fault instanceof Fault.EndsEarly) {
            response.removeResponses(response.getResponsesCount() - 1);
          }
          answer.onNext(response.build());
        });
  }

  private Status update(BatchUpdateBlobsRequest.Request one) throws IOException {
    Digest digest = Digests.fromProto(one.getDigest());
    byte[] content = one.getData().toByteArray();
    if (one.getCompressor() == Compressor.Value.ZSTD) {
      if (!server.offer().zstdBatchUpdates()) {
        return status(Code.INVALID_ARGUMENT, "no such compressor");
      }
      content = Zstd.decompress(content, (int) digest.size());
    }
    if (!Blobs.names(digest, content)) {
      return status(Code.INVALID_ARGUMENT, "not what the digest says");
    }
    server.blobs().put(digest, content);
    return Status.getDefaultInstance();
  }

  @Override
  public void getTree(GetTreeRequest request, StreamObserver<GetTreeResponse> answer) {
    Fault fault = ReapiServer.fault();
    serve(request.getInstanceName(), answer, () -> sendTree(request, answer, fault));
  }

  private void sendTree(
      GetTreeRequest request, StreamObserver<GetTreeResponse> answer, @Nullable Fault fault)
      throws IOException {
    Digest root = Digests.fromProto(request.getRootDigest());
    if (!server.has(root)) {
      throw io.grpc.Status.NOT_FOUND.withDescription("no such tree").asRuntimeException();
    }
    List<ByteString> all = directories(root);
    int page = fault instanceof Fault.Trickles ? 1 : server.habits().page();
    int from = request.getPageToken().isEmpty() ? 0 : Integer.parseInt(request.getPageToken());
    long sent = 0;
    for (int at = from; at < all.size(); at += page) {
      int end = Math.min(all.size(), at + page);
      List<ByteString> some = new ArrayList<>(all.subList(at, end));
      if (fault instanceof Fault.Fails(Code code, long after) && sent >= after) {
        throw code.toStatus().withDescription("told to fail").asRuntimeException();
      }
      if (fault instanceof Fault.EndsEarly(long after) && sent >= after) {
        return;
      }
      if (fault instanceof Fault.Hangs(long after) && sent >= after) {
        pause(Duration.ofNanos(Long.MAX_VALUE));
      }
      if (fault instanceof Fault.Trickles(Duration time)) {
        pause(time);
      }
      if (fault instanceof Fault.Corrupts(long byteAt) && at == 0) {
        byte[] wrong = some.getFirst().toByteArray();
        wrong[(int) (byteAt % wrong.length)] ^= 1;
        some.set(0, ByteString.copyFrom(wrong));
      }
      answer.onNext(
          GetTreeResponse.newBuilder()
              .addAllDirectories(some)
              .setNextPageToken(end < all.size() ? Integer.toString(end) : "")
              .build());
      sent += some.stream().mapToLong(ByteString::size).sum();
    }
  }

  private static void pause(Duration time) {
    try {
      Thread.sleep(time);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  private List<ByteString> directories(Digest root) throws IOException {
    List<ByteString> found = new ArrayList<>();
    Set<Digest> seen = new HashSet<>(Set.of(root));
    ArrayDeque<Digest> left = new ArrayDeque<>(seen);
    while (!left.isEmpty()) {
      Digest digest = left.remove();
      if (server.has(digest)) {
        byte[] encoded = server.get(digest);
        found.add(ByteString.copyFrom(encoded));
        for (DirectoryNode child : Directory.parseFrom(encoded).getDirectoriesList()) {
          Digest below = Digests.fromProto(child.getDigest());
          if (seen.add(below)) {
            left.add(below);
          }
        }
      }
    }
    return found;
  }

  private void checkBatch(long bytes) {
    long limit = server.offer().maxBatchBytes();
    if (limit > 0 && bytes > limit) {
      throw io.grpc.Status.INVALID_ARGUMENT
          .withDescription("a batch of " + bytes + " bytes")
          .asRuntimeException();
    }
  }

  private static Status status(Code code, String words) {
    return Status.newBuilder().setCode(code.value()).setMessage(words).build();
  }
}
