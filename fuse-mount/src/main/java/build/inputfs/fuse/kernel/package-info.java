/**
 * The transport over {@code /dev/fuse}: it mounts a {@link build.inputfs.fuse.vfs.FileSystem} and
 * speaks the FUSE protocol with the Linux kernel, from protocol 7.31 (Linux 5.4) on.
 *
 * <p>{@link build.inputfs.fuse.kernel.FuseSession} is the way in. {@code Mounter} makes the mount;
 * {@code Reader}s take requests; a {@code Dispatcher} turns each into a call; {@code Request} and
 * {@code Reply} know the layouts; {@code Backings} lets the kernel read and write files by itself.
 */
@NullMarked
package build.inputfs.fuse.kernel;

import org.jspecify.annotations.NullMarked;
