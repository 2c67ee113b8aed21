package build.inputfs.app.rpc;

import build.inputfs.app.daemon.MissingBlobsException;
import build.inputfs.app.daemon.RefusedException;
import build.inputfs.app.run.Problems;
import build.inputfs.cas.digest.InvalidDigestException;
import build.inputfs.cas.posix.Errnos;
import build.inputfs.cas.posix.PosixException;
import build.inputfs.cas.remote.RemoteException;
import build.inputfs.cas.store.DigestMismatchException;
import build.inputfs.cas.store.MissingBlobException;
import build.inputfs.cas.store.StoreFullException;
import build.inputfs.cas.tree.InvalidTreeException;
import com.google.protobuf.Any;
import com.google.rpc.Code;
import com.google.rpc.PreconditionFailure;
import io.grpc.StatusRuntimeException;
import io.grpc.protobuf.StatusProto;
import java.nio.file.AccessDeniedException;
import java.nio.file.NoSuchFileException;
import java.nio.file.NotDirectoryException;
import java.util.List;

/** The one place that turns failures into gRPC statuses. Stateless. */
final class Statuses {
  private static final int MOST_CAUSES = 20;

  /**
   * How many bytes of details there may be. Clients of gRPC take 8 KiB of headers, unless told to
   * take more, and fail otherwise with RESOURCE_EXHAUSTED whatever the status was; details are sent
   * in base64, and hold the message again.
   */
  private static final int MOST_DETAILS = 3000;

  /** How long a message may be, as gRPC sends it: what is not printable ASCII as %XX. */
  private static final int LONGEST_MESSAGE = 1500;

  private Statuses() {}

  /** What a client is told of a failure. */
  static StatusRuntimeException of(Throwable failure) {
    List<String> missing = missing(failure);
    com.google.rpc.Status.Builder status =
        com.google.rpc.Status.newBuilder().setMessage(beginning(Problems.describe(failure)));
    if (!missing.isEmpty()) {
      status.setCode(Code.FAILED_PRECONDITION_VALUE).addDetails(Any.pack(violations(missing)));
    } else {
      status.setCode(code(failure).getNumber());
    }
    return StatusProto.toStatusRuntimeException(status.build());
  }

  /** As many of the missing blobs as can be told of, the first always. */
  private static PreconditionFailure violations(List<String> missing) {
    PreconditionFailure.Builder violations = PreconditionFailure.newBuilder();
    for (String blob : missing) {
      violations.addViolations(
          PreconditionFailure.Violation.newBuilder().setType("MISSING").setSubject(blob));
      if (violations.build().getSerializedSize() > MOST_DETAILS) {
        break;
      }
    }
    return violations.build();
  }

  /** A message as far as it can be sent. */
  private static String beginning(String message) {
    int length = 0;
    for (int i = 0; i < message.length(); i++) {
      char c = message.charAt(i);
      length += c >= ' ' && c <= '~' && c != '%' ? 1 : 9; // a char has three bytes of UTF-8 at most
      if (length > LONGEST_MESSAGE) {
        int end = Character.isLowSurrogate(c) ? i - 1 : i;
        return message.substring(0, end) + "…";
      }
    }
    return message;
  }

  private static Code code(Throwable failure) {
    return switch (failure) {
      case RefusedException e ->
          switch (e.kind()) {
            case INVALID -> Code.INVALID_ARGUMENT;
            case UNKNOWN -> Code.NOT_FOUND;
            case EXISTS -> Code.ALREADY_EXISTS;
            case STATE -> Code.FAILED_PRECONDITION;
            case EXHAUSTED -> Code.RESOURCE_EXHAUSTED;
            case STOPPING -> Code.UNAVAILABLE;
            case FORBIDDEN -> Code.PERMISSION_DENIED;
          };
      case InvalidDigestException _ -> Code.INVALID_ARGUMENT;
      case IllegalArgumentException _ -> Code.INVALID_ARGUMENT;
      case InvalidTreeException _ -> Code.INVALID_ARGUMENT;
      case NoSuchFileException _ -> Code.NOT_FOUND;
      case NotDirectoryException _ -> Code.INVALID_ARGUMENT;
      case AccessDeniedException _ -> Code.PERMISSION_DENIED;
      case DigestMismatchException _ -> Code.DATA_LOSS;
      case RemoteException e -> code(e.kind());
      case StoreFullException _ -> Code.RESOURCE_EXHAUSTED;
      case PosixException e when isFull(e.errno()) -> Code.RESOURCE_EXHAUSTED;
      case java.io.IOException _ -> codeOfCause(failure);
      default -> Code.INTERNAL;
    };
  }

  private static Code code(RemoteException.Kind told) {
    return switch (told) {
      case UNAVAILABLE, DEADLINE -> Code.UNAVAILABLE;
      case WRONG_CONTENT -> Code.DATA_LOSS;
      case REFUSED, UNSUPPORTED, NOT_FOUND, FAILED -> Code.FAILED_PRECONDITION;
    };
  }

  /** Of a failure that says no more than that something did not work. */
  private static Code codeOfCause(Throwable failure) {
    Throwable cause = failure;
    for (int i = 0; cause != null && i < MOST_CAUSES; i++, cause = cause.getCause()) {
      if (cause instanceof RemoteException told) {
        return code(told.kind());
      }
    }
    return Code.FAILED_PRECONDITION;
  }

  private static boolean isFull(int errno) {
    return errno == Errnos.ENOSPC
        || errno == Errnos.EDQUOT
        || errno == Errnos.EMFILE
        || errno == Errnos.ENFILE
        || errno == Errnos.ENOMEM;
  }

  /** The names of the missing blobs that are behind a failure, or none. */
  private static List<String> missing(Throwable failure) {
    Throwable cause = failure;
    for (int i = 0; cause != null && i < MOST_CAUSES; i++, cause = cause.getCause()) {
      if (cause instanceof MissingBlobException one) {
        return List.of(one.blob());
      }
      if (cause instanceof MissingBlobsException several) {
        return several.blobs();
      }
    }
    return List.of();
  }
}
