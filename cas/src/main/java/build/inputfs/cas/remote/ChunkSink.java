package build.inputfs.cas.remote;

import java.io.IOException;
import java.nio.ByteBuffer;

/** Takes the content of a blob as it comes. */
@FunctionalInterface
public interface ChunkSink {
  /**
   * Takes the next bytes: they follow those of the call before, and nothing is given twice. Called
   * by the thread that reads, which waits for it, so that a slow sink slows the server down.
   *
   * @param chunk valid during the call only; never empty
   * @throws IOException to end the reading, which throws it on
   */
  void take(ByteBuffer chunk) throws IOException;
}
