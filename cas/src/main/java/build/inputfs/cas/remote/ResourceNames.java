package build.inputfs.cas.remote;

import build.inputfs.cas.digest.Digest;
import build.inputfs.cas.digest.DigestFunction;
import java.util.UUID;

/** The names by which ByteStream knows blobs, as the Remote Execution API forms them. Immutable. */
final class ResourceNames {
  /** Functions up to this number are told by the length of their hashes, and must not be named. */
  private static final int LAST_UNNAMED = 7;

  private final String instance;
  private final String function;

  ResourceNames(String instance, DigestFunction function) {
    this.instance = instance.isEmpty() ? "" : instance + "/";
    this.function = function.number() <= LAST_UNNAMED ? "" : function.resourceName() + "/";
  }

  String read(Digest digest, boolean zstd) {
    return instance + blob(digest, zstd);
  }

  /** A new name for an upload: no other has it. */
  String write(Digest digest, boolean zstd) {
    return instance + "uploads/" + UUID.randomUUID() + "/" + blob(digest, zstd);
  }

  private String blob(Digest digest, boolean zstd) {
    return (zstd ? "compressed-blobs/zstd/" : "blobs/") + function + digest;
  }
}
