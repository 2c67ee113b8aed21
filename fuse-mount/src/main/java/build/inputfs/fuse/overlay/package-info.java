/**
 * The overlay strategy: a view is an overlayfs of the kernel, whose lower layers are directories of
 * the forest and whose upper one is a scratch on the local disk.
 */
@NullMarked
package build.inputfs.fuse.overlay;

import org.jspecify.annotations.NullMarked;
