/**
 * The mutable view: a private, writable filesystem over an immutable input tree, and the strategy
 * that serves one over FUSE.
 */
@NullMarked
package build.inputfs.fuse.mutable;

import org.jspecify.annotations.NullMarked;
