package build.inputfs.cas.remote;

import build.inputfs.cas.proto.CacheCapabilities;
import build.inputfs.cas.proto.Compressor;
import build.inputfs.cas.proto.DigestFunction;
import java.util.List;

/**
 * What a server says that it can do.
 *
 * @param digestFunctions their names in the API
 * @param maxBatchBytes the most that the blobs of a batch may have together; 0 when it says nothing
 * @param zstd whether contents can be had, and streamed to it, in zstd's form
 * @param zstdBatchUpdates whether it takes them so in batches
 * @param maxBlobBytes the largest blob that it takes; 0 when it says nothing
 */
public record RemoteCapabilities(
    List<String> digestFunctions,
    long maxBatchBytes,
    boolean zstd,
    boolean zstdBatchUpdates,
    long maxBlobBytes) {

  /** What is taken for granted of a server that says nothing at all. */
  static final RemoteCapabilities LEAST =
      new RemoteCapabilities(List.of("SHA256"), 0, false, false, 0);

  public RemoteCapabilities {
    digestFunctions = List.copyOf(digestFunctions);
  }

  static RemoteCapabilities of(CacheCapabilities message) {
    return new RemoteCapabilities(
        message.getDigestFunctionsList().stream().map(DigestFunction.Value::name).toList(),
        message.getMaxBatchTotalSizeBytes(),
        message.getSupportedCompressorsList().contains(Compressor.Value.ZSTD),
        message.getSupportedBatchUpdateCompressorsList().contains(Compressor.Value.ZSTD),
        message.getMaxCasBlobSizeBytes());
  }

  /** The same without compression, for a client that has none. */
  RemoteCapabilities uncompressed() {
    return new RemoteCapabilities(digestFunctions, maxBatchBytes, false, false, maxBlobBytes);
  }
}
