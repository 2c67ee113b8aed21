/**
 * Merkle trees of directories: decoding and checking what comes from outside, walking it, and
 * building it from a directory of the local disk.
 */
@NullMarked
package build.inputfs.cas.tree;

import org.jspecify.annotations.NullMarked;
