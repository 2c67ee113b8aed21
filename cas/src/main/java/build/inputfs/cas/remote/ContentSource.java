package build.inputfs.cas.remote;

import build.inputfs.cas.digest.Digest;
import java.io.IOException;
import java.nio.channels.SeekableByteChannel;

/**
 * Where blobs that are to be sent are read from; {@code LocalStore::openBlobChannel} is one. Called
 * by any thread, more than once for a blob if it has to be.
 */
@FunctionalInterface
public interface ContentSource {
  /** Opens a blob at its begin. The caller closes the channel. */
  SeekableByteChannel open(Digest digest) throws IOException;
}
