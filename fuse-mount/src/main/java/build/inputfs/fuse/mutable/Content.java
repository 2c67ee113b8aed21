package build.inputfs.fuse.mutable;

import build.inputfs.cas.digest.Digest;

/** Where a file's bytes are. Immutable: a file whose bytes move elsewhere gets another one. */
sealed interface Content {

  /** An input's, in the store. */
  record Input(Digest digest, boolean executable) implements Content {}

  /**
   * The view's own.
   *
   * @param number names the file in the {@link Scratch}
   * @param charge what it takes of the view's allowance
   */
  record Private(long number, Charge charge) implements Content {}
}
