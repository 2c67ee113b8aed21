package build.inputfs.cas.remote;

import io.grpc.Status;
import java.io.IOException;
import java.time.Duration;
import org.jspecify.annotations.Nullable;

/**
 * Says that a remote did not do what it was asked, and of which kind that is. The message names the
 * remote and the blob, if there is one. A blob that the remote does not have is a {@code
 * MissingBlobException} of the store instead.
 */
public final class RemoteException extends IOException {
  /** Above this, people read seconds more easily than milliseconds. */
  private static final Duration LONG = Duration.ofSeconds(10);

  /** What went wrong. */
  public enum Kind {
    /** Nobody answers, or the answer breaks off, however often it is tried. */
    UNAVAILABLE("remote unavailable"),
    /** No answer in time. */
    DEADLINE("remote unavailable"),
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

  /** The kind, as messages have it, and the remote where that is known. */
  private final String subject;

  /** What was done, and what is known of why it failed. */
  private final String rest;

  /** What the server said, if it was the server. */
  private final Status.@Nullable Code code;

  private RemoteException(
      Kind kind,
      String subject,
      String rest,
      boolean retriable,
      Status.@Nullable Code code,
      @Nullable Throwable cause) {
    super(subject + ": " + rest, cause);
    this.kind = kind;
    this.retriable = retriable;
    this.code = code;
    this.subject = subject;
    this.rest = rest;
  }

  /** Package-private: made where calls are. */
  RemoteException(
      Kind kind,
      boolean retriable,
      RemoteTarget target,
      String what,
      String detail,
      @Nullable Throwable cause) {
    this(kind, kind.words + " " + target, what + ": " + detail, retriable, null, cause);
  }

  /** What a server has said of a call. */
  static RemoteException said(
      Status status, Kind kind, RemoteTarget target, String what, String detail) {
    return new RemoteException(
        kind,
        kind.words + " " + target,
        what + ": " + detail,
        kind == Kind.UNAVAILABLE || kind == Kind.DEADLINE,
        status.getCode(),
        status.getCause());
  }

  /**
   * Says that somebody waits no longer, since nothing to speak of has come for so long.
   *
   * @param remote its name
   * @param what was waited for, with its digest
   */
  public static RemoteException silent(String remote, String what, Duration patience) {
    return new RemoteException(
        Kind.DEADLINE,
        Kind.DEADLINE.words + " " + remote,
        "nothing more of %s, or hardly anything, has come for %s".formatted(what, words(patience)),
        false,
        null,
        null);
  }

  private static String words(Duration time) {
    return time.compareTo(LONG) < 0 ? time.toMillis() + " ms" : time.toSeconds() + " s";
  }

  /** What went wrong. */
  public Kind kind() {
    return kind;
  }

  /**
   * The same failure, of one thing among those that were done together, or for which another had to
   * be done first.
   *
   * @param what was to be done, with its digest
   */
  public RemoteException about(String what) {
    String whole = rest.startsWith(what) ? rest : "%s (%s)".formatted(what, rest);
    return new RemoteException(kind, subject, whole, false, code, this);
  }

  /** Whether another attempt may do better. */
  boolean isRetriable() {
    return retriable;
  }

  /** Whether the server does not believe who we are, so that other credentials may do better. */
  boolean isUnauthenticated() {
    return code == Status.Code.UNAUTHENTICATED;
  }

  /** Whether the server says that it has what was to be made. */
  boolean isAlreadyThere() {
    return code == Status.Code.ALREADY_EXISTS;
  }
}
