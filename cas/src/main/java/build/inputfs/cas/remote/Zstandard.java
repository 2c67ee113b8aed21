package build.inputfs.cas.remote;

import com.github.luben.zstd.Zstd;
import com.github.luben.zstd.ZstdException;
import com.github.luben.zstd.ZstdInputStreamNoFinalizer;
import com.github.luben.zstd.ZstdOutputStreamNoFinalizer;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.ByteBuffer;

/** The compression that servers offer, by zstd-jni. Nothing is loaded before it is used. */
final class Zstandard {
  /** Smaller blobs gain nothing. */
  static final int SMALLEST = 256;

  /** The fastest of zstd's usual levels: it must not be slower than a good network. */
  private static final int LEVEL = 1;

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

  /** The compressed form of a whole blob. */
  static byte[] compress(byte[] content) {
    return Zstd.compress(content, LEVEL);
  }

  /**
   * Compresses what is written to {@code out}, which is not closed with it. The stream must be
   * closed, for it holds native memory.
   */
  static OutputStream compressing(OutputStream out) throws IOException {
    return new ZstdOutputStreamNoFinalizer(new Unclosed(out), LEVEL);
  }

  /** What is compressed in {@code in}. The stream must be closed, for it holds native memory. */
  static InputStream decompressing(InputStream in) throws IOException {
    return new ZstdInputStreamNoFinalizer(in);
  }

  /** Writes on, and leaves closing to others. */
  private static final class Unclosed extends OutputStream {
    private final OutputStream out;

    Unclosed(OutputStream out) {
      this.out = out;
    }

    @Override
    public void write(int one) throws IOException {
      out.write(one);
    }

    @Override
    public void write(byte[] bytes, int from, int length) throws IOException {
      out.write(bytes, from, length);
    }
  }
}
