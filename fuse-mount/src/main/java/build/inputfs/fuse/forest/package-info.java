/**
 * The forest: one read-only filesystem that holds the input trees of all views, whose content never
 * changes, so that the kernel may keep everything it was told of for ever. It serves whole trees,
 * and skeletons and layers for overlays.
 */
@NullMarked
package build.inputfs.fuse.forest;

import org.jspecify.annotations.NullMarked;
