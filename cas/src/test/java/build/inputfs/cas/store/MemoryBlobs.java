package build.inputfs.cas.store;

import build.inputfs.cas.digest.Digest;
import build.inputfs.cas.digest.DigestFunction;
import java.nio.file.Path;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;

/** Blobs on the heap, for tests that need many and have no use for files. */
public class MemoryBlobs implements BlobSource {
  private final Map<Digest, byte[]> blobs = new ConcurrentHashMap<>();

  /** Puts a blob. */
  public final Digest put(byte[] content) {
    Digest digest = function().digest(content);
    blobs.put(digest, content.clone());
    return digest;
  }

  @Override
  public final DigestFunction function() {
    return DigestFunction.SHA256;
  }

  @Override
  public final Path locate(Digest digest, boolean executable) {
    throw new UnsupportedOperationException("these blobs are in no file");
  }

  @Override
  public final byte[] read(Digest digest, int limit) throws MissingBlobException {
    byte[] content = blobs.get(digest);
    if (content == null) {
      throw new MissingBlobException(digest, "not put");
    }
    return content.clone();
  }
}
