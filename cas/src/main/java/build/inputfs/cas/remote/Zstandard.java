package build.inputfs.cas.remote;

import com.github.luben.zstd.Zstd;
import com.github.luben.zstd.ZstdException;
import com.github.luben.zstd.ZstdInputStreamNoFinalizer;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;

/** The compression that servers offer, by zstd-jni. Nothing is loaded before it is used. */
final class Zstandard {
  /** Smaller blobs gain nothing. */
  static final int SMALLEST = 256;

  /** What compresses fastest for its size, by zstd's authors. */
  static final int LEVEL = 1;

  private Zstandard() {}

  /** Whether the native library cannot be loaded. */
  static boolean isMissing() {
    try {
      return Zstd.compressBound(1) <= 0;
    } catch (LinkageError e) {
      return true;
    }
  }

  /**
   * The bytes of a whole compressed blob.
   *
   * @throws IOException when it is not in zstd's form, or does not have this size
   */
  static ByteBuffer decompress(ByteBuffer compressed, int size) throws IOException {
    byte[] from = new byte[compressed.remaining()];
    compressed.get(from);
    byte[] to = new byte[size];
    try {
      long written = Zstd.decompress(to, from);
      if (Zstd.isError(written) || written != size) {
        throw new IOException("its compressed form does not hold " + size + " bytes");
      }
    } catch (ZstdException e) {
      throw new IOException("its compressed form cannot be read: " + e.getMessage(), e);
    }
    return ByteBuffer.wrap(to);
  }

  /** What is compressed in {@code in}. The stream must be closed, for it holds native memory. */
  static InputStream decompressing(InputStream in) throws IOException {
    return new ZstdInputStreamNoFinalizer(in);
  }
}
