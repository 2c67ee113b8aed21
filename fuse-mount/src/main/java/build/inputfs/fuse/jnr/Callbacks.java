package build.inputfs.fuse.jnr;

import com.kenai.jffi.CallingConvention;
import com.kenai.jffi.Closure;
import com.kenai.jffi.ClosureManager;
import com.kenai.jffi.MemoryIO;
import java.util.ArrayList;
import java.util.List;

/**
 * A {@code struct fuse_operations} whose functions lead to Java. It has to outlive the library's
 * filesystem that was made with it; then {@link #close} frees it.
 */
final class Callbacks implements AutoCloseable {
  private final MemoryIO memory = MemoryIO.getInstance();
  private final List<Closure.Handle> handles = new ArrayList<>();
  private final long address = memory.allocateMemory(Callback.STRUCT_SIZE, true);

  /** Who serves what the library calls: on its threads, several at once. */
  interface Server {
    /**
     * Serves one call and sets its result.
     *
     * @param arguments by their places in the signature
     */
    void serve(Callback callback, Closure.Buffer arguments);
  }

  Callbacks(Server server) {
    for (Callback callback : Callback.values()) {
      Closure.Handle handle =
          ClosureManager.getInstance()
              .newClosure(
                  arguments -> server.serve(callback, arguments),
                  callback.result(),
                  callback.parameters(),
                  CallingConvention.DEFAULT);
      handles.add(handle);
      memory.putAddress(address + callback.offset(), handle.getAddress());
    }
    memory.putInt(
        address + Callback.FLAGS,
        Callback.FLAG_NULLPATH_OK | Callback.FLAG_NOPATH | Callback.FLAG_UTIME_OMIT_OK);
  }

  /** The structure's address. */
  long address() {
    return address;
  }

  @Override
  public void close() {
    handles.forEach(Closure.Handle::dispose);
    memory.freeMemory(address);
  }
}
