package build.inputfs.cas.remote;

import build.inputfs.cas.digest.Digest;
import build.inputfs.cas.remote.RemoteException.Kind;
import io.grpc.Status;
import java.io.InterruptedIOException;
import java.util.Collection;
import javax.net.ssl.SSLException;
import org.jspecify.annotations.Nullable;

/** Turns what gRPC says of a call into our exceptions: the one place that does. Stateless. */
final class Failures {
  /** What gRPC tells of its own insides when a connection fails, on further lines. */
  private static final String INSIDES = "\nChannel Pipeline: ";

  private Failures() {}

  /**
   * @param what was done, with the digest if there is one
   */
  static RemoteException of(Status status, RemoteTarget target, String what) {
    return RemoteException.said(status, kind(status), target, what, words(status));
  }

  static RemoteException wrongContent(RemoteTarget target, String what, String detail) {
    return new RemoteException(Kind.WRONG_CONTENT, false, target, what, detail, null);
  }

  /** Of a stream that ended with less than it should have. */
  static RemoteException endedEarly(RemoteTarget target, String what, String detail) {
    return new RemoteException(Kind.WRONG_CONTENT, true, target, what, detail, null);
  }

  static RemoteException tooLarge(RemoteTarget target, String what) {
    return new RemoteException(
        Kind.UNSUPPORTED, false, target, what, "it is too large to be on the heap", null);
  }

  /** What is done with blobs, as messages have it: the first of them by name. */
  static String what(String doing, Collection<Digest> digests) {
    String first = "%s blobs/%s".formatted(doing, digests.iterator().next());
    int others = digests.size() - 1;
    return others == 0 ? first : "%s and %d more".formatted(first, others);
  }

  /** The current thread is to stop waiting; it stays marked as interrupted. */
  static InterruptedIOException interrupted(String what) {
    Thread.currentThread().interrupt();
    return new InterruptedIOException("interrupted: " + what);
  }

  private static Kind kind(Status status) {
    return switch (status.getCode()) {
      case UNAVAILABLE, UNKNOWN -> isSecurity(status.getCause()) ? Kind.REFUSED : Kind.UNAVAILABLE;
      // Proxies and servers that are about to end say these; so does gRPC of a broken stream.
      case ABORTED, RESOURCE_EXHAUSTED, INTERNAL, CANCELLED -> Kind.UNAVAILABLE;
      case DEADLINE_EXCEEDED -> Kind.DEADLINE;
      case UNAUTHENTICATED, PERMISSION_DENIED -> Kind.REFUSED;
      case UNIMPLEMENTED -> Kind.UNSUPPORTED;
      case NOT_FOUND -> Kind.NOT_FOUND;
      case DATA_LOSS -> Kind.WRONG_CONTENT;
      case OK, INVALID_ARGUMENT, ALREADY_EXISTS, FAILED_PRECONDITION, OUT_OF_RANGE -> Kind.FAILED;
    };
  }

  /** Certificates do not become good by asking again. */
  private static boolean isSecurity(@Nullable Throwable cause) {
    for (Throwable at = cause; at != null; at = at.getCause()) {
      if (at instanceof SSLException) {
        return true;
      }
    }
    return false;
  }

  private static String words(Status status) {
    StringBuilder words = new StringBuilder(status.getCode().name());
    String description = status.getDescription();
    if (description != null) {
      int end = description.indexOf(INSIDES);
      words.append(": ").append(end < 0 ? description : description.substring(0, end));
    }
    Throwable cause = status.getCause();
    if (cause != null && cause.getMessage() != null) {
      words.append(" (").append(cause.getMessage()).append(')');
    }
    return words.toString();
  }
}
