package build.inputfs.cas.remote;

import build.inputfs.cas.digest.Digest;
import java.io.IOException;
import java.nio.ByteBuffer;

/** Takes the directories of a tree, in any order. */
@FunctionalInterface
public interface TreeSink {
  /**
   * Takes a directory. Called by the thread that reads the tree; the same may come twice.
   *
   * @param digest made of the bytes, so it names them; whether the tree has such a directory is not
   *     known here
   * @param encoded as the server sent it, not decoded or checked; valid during the call only
   * @throws IOException to end the reading, which throws it on
   */
  void directory(Digest digest, ByteBuffer encoded) throws IOException;
}
