package build.inputfs.cache.view;

import build.inputfs.cas.digest.Digest;
import build.inputfs.cas.digest.DigestFunction;
import build.inputfs.cas.proto.Directory;
import build.inputfs.cas.store.BlobSource;
import build.inputfs.cas.store.MissingBlobException;
import build.inputfs.cas.tree.DirectoryBuilder;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.Map;

/** Directory messages on the heap, for trees that have many of them and no file. */
public final class MemoryDirectories implements BlobSource {
  private final Map<Digest, byte[]> blobs = new HashMap<>();

  /** Puts a message. */
  public Digest put(Directory directory) {
    byte[] content = directory.toByteArray();
    Digest digest = function().digest(content);
    blobs.put(digest, content);
    return digest;
  }

  /** Puts {@code end} below so many directories, each with nothing else in it. */
  public Digest chain(Digest end, int levels) {
    Digest digest = end;
    for (int level = 0; level < levels; level++) {
      DirectoryBuilder directory = new DirectoryBuilder();
      directory.addDirectory("d", digest);
      digest = put(directory.build());
    }
    return digest;
  }

  @Override
  public DigestFunction function() {
    return DigestFunction.SHA256;
  }

  @Override
  public Path locate(Digest digest, boolean executable) {
    throw new UnsupportedOperationException("these blobs are in no file");
  }

  @Override
  public byte[] read(Digest digest, int limit) throws MissingBlobException {
    byte[] content = blobs.get(digest);
    if (content == null) {
      throw new MissingBlobException(digest, "not put");
    }
    return content.clone();
  }
}
