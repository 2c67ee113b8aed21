/**
 * A filesystem without a protocol: nodes, attributes and a closed set of statuses. A filesystem
 * implements {@link build.inputfs.fuse.vfs.FileSystem}; a transport drives it and translates.
 */
@NullMarked
package build.inputfs.fuse.vfs;

import org.jspecify.annotations.NullMarked;
