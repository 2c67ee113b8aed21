package build.inputfs.cache.view;

import build.inputfs.cas.digest.Digest;
import org.jspecify.annotations.Nullable;

/**
 * Something that a view could not give its action because the store, not the action, failed.
 *
 * @param operation what was asked for, such as {@code open}
 * @param path path in the tree, relative to its root
 * @param digest the blob that was wanted, where it was one
 * @param cause what went wrong, such as {@code missing blob blobs/<hash>/<size>}
 */
public record ViewFailure(String operation, String path, @Nullable Digest digest, String cause) {

  @Override
  public String toString() {
    return cause + " (" + operation + " of " + path + ")";
  }
}
