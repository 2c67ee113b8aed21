package build.inputfs.cas.posix;

import com.kenai.jffi.CallContext;
import com.kenai.jffi.Invoker;
import com.kenai.jffi.LastError;
import com.kenai.jffi.Library;
import com.kenai.jffi.Type;
import java.util.Arrays;

/**
 * The C library by way of jffi alone: its functions take up to six integers and addresses. Binding
 * one costs next to nothing, while jnr-ffi, which is built on jffi, first makes classes: that takes
 * longer than a short program runs. So what is on the way of a command is bound here.
 *
 * <p>Stateless: any thread may call any method at any time.
 */
final class CLibrary {
  private final Library library = Library.getDefault();
  private final Invoker invoker = Invoker.getInstance();
  private final CallContext sixLongs =
      new CallContext(
          Type.SLONG_LONG,
          Type.SLONG_LONG,
          Type.SLONG_LONG,
          Type.SLONG_LONG,
          Type.SLONG_LONG,
          Type.SLONG_LONG,
          Type.SLONG_LONG);

  /**
   * Calls a function, which may wait.
   *
   * @param arguments at most six
   * @return what it returns, cut to an {@code int}
   * @throws UnsatisfiedLinkError when this system's library has none of this name
   */
  int call(String name, long... arguments) {
    long address = library.getSymbolAddress(name);
    if (address == 0) {
      throw new UnsatisfiedLinkError("the C library has no " + name);
    }
    // Registers beyond its own parameters a function does not look at.
    long[] six = Arrays.copyOf(arguments, 6);
    return (int)
        invoker.invokeN6(sixLongs, address, six[0], six[1], six[2], six[3], six[4], six[5]);
  }

  /** The result of this thread's last call, or {@code -errno} when that is negative. */
  static int wrap(int result) {
    return result >= 0 ? result : -LastError.getInstance().get();
  }

  /**
   * Passes on what is not negative.
   *
   * @param what was done, for the message
   * @throws PosixException when {@code result} is {@code -errno}
   */
  static int check(int result, String what) throws PosixException {
    if (result < 0) {
      throw new PosixException(what, -result);
    }
    return result;
  }
}
