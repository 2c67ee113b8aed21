package build.inputfs.cas.posix;

import com.kenai.jffi.MemoryIO;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;

/**
 * The structures and strings of a native call, outside the heap, zeroed at first and freed when
 * this is closed. For one thread.
 */
final class NativeMemory implements AutoCloseable {
  private final MemoryIO memory = MemoryIO.getInstance();
  private final List<Long> blocks = new ArrayList<>();

  /** The address of a new block. */
  long block(long bytes) {
    long address = memory.allocateMemory(bytes, true);
    if (address == 0) {
      throw new OutOfMemoryError("malloc of " + bytes + " bytes failed");
    }
    blocks.add(address);
    return address;
  }

  /** The address of a C string. */
  long string(String text) {
    return string(text.getBytes(StandardCharsets.UTF_8));
  }

  /** The address of a C string. */
  long string(byte[] text) {
    long address = block(text.length + 1L);
    memory.putByteArray(address, text, 0, text.length);
    return address;
  }

  /** The address of an array of C strings that ends with a null pointer. */
  long strings(List<byte[]> texts) {
    long array = block((texts.size() + 1L) * Long.BYTES);
    for (int i = 0; i < texts.size(); i++) {
      memory.putAddress(array + (long) i * Long.BYTES, string(texts.get(i)));
    }
    return array;
  }

  int getInt(long address) {
    return memory.getInt(address);
  }

  void putInt(long address, int value) {
    memory.putInt(address, value);
  }

  void putShort(long address, short value) {
    memory.putShort(address, value);
  }

  void put(long address, byte[] bytes, int offset, int length) {
    memory.putByteArray(address, bytes, offset, length);
  }

  void get(long address, byte[] bytes, int offset, int length) {
    memory.getByteArray(address, bytes, offset, length);
  }

  @Override
  public void close() {
    blocks.forEach(memory::freeMemory);
    blocks.clear();
  }
}
