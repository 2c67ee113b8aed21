package build.inputfs.cas.remote;

import java.io.IOException;
import org.jspecify.annotations.Nullable;

/**
 * Says that a remote did not do what it was asked, and of which kind that is. The message names the
 * remote and the blob, if there is one. A blob that the remote does not have is a {@code
 * MissingBlobException} of the store instead.
 */
public final class RemoteException extends IOException {

  /** What went wrong. */
  public enum Kind {
    /** Nobody answers, or the answer breaks off, however often it is tried. */
    UNAVAILABLE("remote unavailable"),
    /** No answer in time. */
    DEADLINE("remote too slow"),
    /** What came is not what was asked for. */
    WRONG_CONTENT("wrong content from the remote"),
    /** The server does not want this client, or the other way round. */
    REFUSED("refused by the remote"),
    /** The server does not know such a call, or the digest function. */
    UNSUPPORTED("not supported by the remote"),
    /** The server does not know the instance, or what else was named beside blobs. */
    NOT_FOUND("not found on the remote"),
    /** Anything else that the server says. */
    FAILED("failed on the remote");

    private final String words;

    Kind(String words) {
      this.words = words;
    }
  }

  private final Kind kind;
  private final boolean retriable;

  /** Package-private: made where calls are. */
  RemoteException(
      Kind kind,
      boolean retriable,
      RemoteTarget target,
      String what,
      String detail,
      @Nullable Throwable cause) {
    super("%s %s: %s: %s".formatted(kind.words, target, what, detail), cause);
    this.kind = kind;
    this.retriable = retriable;
  }

  /** What went wrong. */
  public Kind kind() {
    return kind;
  }

  /** The same failure, of one thing among those that were done together. */
  RemoteException about(RemoteTarget target, String what) {
    return new RemoteException(kind, false, target, what, "among others: " + getMessage(), this);
  }

  /** Whether another attempt may do better. */
  boolean isRetriable() {
    return retriable;
  }
}
