package build.inputfs.cas.remote.testserver;

import build.inputfs.cas.proto.CacheCapabilities;
import build.inputfs.cas.proto.CapabilitiesGrpc;
import build.inputfs.cas.proto.Compressor;
import build.inputfs.cas.proto.DigestFunction;
import build.inputfs.cas.proto.GetCapabilitiesRequest;
import build.inputfs.cas.proto.ServerCapabilities;
import io.grpc.Status;
import io.grpc.stub.StreamObserver;

/** What the server offers. */
final class CapabilitiesService extends CapabilitiesGrpc.CapabilitiesImplBase {
  private final ReapiServer server;

  CapabilitiesService(ReapiServer server) {
    this.server = server;
  }

  @Override
  public void getCapabilities(
      GetCapabilitiesRequest request, StreamObserver<ServerCapabilities> answer) {
    if (!request.getInstanceName().equals(server.habits().instance())) {
      answer.onError(Status.NOT_FOUND.withDescription("no such instance").asRuntimeException());
      return;
    }
    ReapiServer.Offer offer = server.offer();
    CacheCapabilities.Builder cache =
        CacheCapabilities.newBuilder().setMaxBatchTotalSizeBytes(offer.maxBatchBytes());
    offer
        .digestFunctions()
        .forEach(name -> cache.addDigestFunctions(DigestFunction.Value.valueOf(name)));
    if (offer.zstd()) {
      cache.addSupportedCompressors(Compressor.Value.ZSTD);
    }
    if (offer.zstdBatchUpdates()) {
      cache.addSupportedBatchUpdateCompressors(Compressor.Value.ZSTD);
    }
    answer.onNext(ServerCapabilities.newBuilder().setCacheCapabilities(cache).build());
    answer.onCompleted();
  }
}
