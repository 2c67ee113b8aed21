package build.inputfs.cache.view;

import build.inputfs.cas.digest.Digest;
import build.inputfs.cas.remote.RemoteException;
import build.inputfs.cas.store.DigestMismatchException;
import build.inputfs.cas.store.MissingBlobException;
import build.inputfs.cas.tree.InvalidTreeException;
import java.io.IOException;
import org.jspecify.annotations.Nullable;

/**
 * Something that a view could not give its action because the store, not the action, failed.
 *
 * @param operation what was asked for, such as {@code open}
 * @param path path in the tree, relative to its root
 * @param digest the blob that was wanted, where it was one
 * @param cause what went wrong, such as {@code missing blob blobs/<hash>/<size>}
 * @param kind the same, to count by
 */
public record ViewFailure(
    String operation, String path, @Nullable Digest digest, String cause, Kind kind) {

  /** What can go wrong. */
  public enum Kind {
    /** A blob is not in the store, or not with its size. */
    MISSING_BLOB,
    /** A blob is not what its digest says. */
    DAMAGED_BLOB,
    /** A directory of the tree breaks a rule. */
    INVALID_TREE,
    /** A remote does not answer, or not in time. */
    REMOTE_UNAVAILABLE,
    /** A remote does not want to give what the store lacks, or cannot. */
    REMOTE_FAILED,
    /** A disk, or something else of this machine. */
    OTHER;

    /** What has gone wrong, by how it was told. */
    public static Kind of(Throwable cause) {
      return switch (cause) {
        case MissingBlobException _ -> MISSING_BLOB;
        case DigestMismatchException _ -> DAMAGED_BLOB;
        case InvalidTreeException _ -> INVALID_TREE;
        case RemoteException told -> of(told.kind());
        default -> OTHER;
      };
    }

    private static Kind of(RemoteException.Kind told) {
      return switch (told) {
        case UNAVAILABLE, DEADLINE -> REMOTE_UNAVAILABLE;
        case WRONG_CONTENT -> DAMAGED_BLOB;
        case REFUSED, UNSUPPORTED, NOT_FOUND, FAILED -> REMOTE_FAILED;
      };
    }
  }

  /** A failure with the message of {@code cause}. */
  public static ViewFailure of(
      String operation, String path, @Nullable Digest digest, IOException cause) {
    String message = cause.getMessage();
    return new ViewFailure(
        operation, path, digest, message == null ? cause.toString() : message, Kind.of(cause));
  }

  @Override
  public String toString() {
    return cause + " (" + operation + " of " + path + ")";
  }
}
