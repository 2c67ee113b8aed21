package build.inputfs.cas.posix;

import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import jnr.ffi.Memory;
import jnr.ffi.Pointer;
import jnr.ffi.Runtime;

/** Native memory for the arguments of one call: its addresses are good until it is closed. */
final class NativeMemory implements AutoCloseable {
  /** More than any structure takes that is passed: posix_spawnattr_t has 336 bytes. */
  private static final int STRUCT = 512;

  private final Runtime runtime;
  private final List<Pointer> held = new ArrayList<>();

  NativeMemory(Runtime runtime) {
    this.runtime = runtime;
  }

  static byte[] encode(String text) {
    return text.getBytes(StandardCharsets.UTF_8);
  }

  /** The address of a zeroed structure. */
  long struct() {
    return hold(Memory.allocateDirect(runtime, STRUCT, true));
  }

  /** The address of a C string. */
  long text(String text) {
    return text(encode(text));
  }

  /** The address of an array of C strings that ends with a null pointer. */
  long texts(List<byte[]> texts) {
    int size = runtime.addressSize();
    Pointer array = Memory.allocateDirect(runtime, size * (texts.size() + 1), true);
    for (int i = 0; i < texts.size(); i++) {
      array.putAddress((long) i * size, text(texts.get(i)));
    }
    return hold(array);
  }

  @Override
  public void close() {
    // The pointers free what they point to when they are collected, which is now allowed.
    held.clear();
  }

  private long text(byte[] text) {
    Pointer pointer = Memory.allocateDirect(runtime, text.length + 1, true);
    pointer.put(0, text, 0, text.length);
    return hold(pointer);
  }

  private long hold(Pointer pointer) {
    held.add(pointer);
    return pointer.address();
  }
}
