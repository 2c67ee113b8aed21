/**
 * The transport over libfuse 2 or macFUSE, for machines where {@code /dev/fuse} cannot be served
 * directly. Of jnr-fuse come the structures of each platform, and with it jffi, by which the
 * library's functions are called and call back; its own mounting is not used, for it waits two
 * seconds, and its callbacks take paths as text, which names are not.
 *
 * <p>The library asks by path. {@link build.inputfs.fuse.jnr.PathTree} finds the nodes, {@link
 * build.inputfs.fuse.jnr.Operations} translates, {@link build.inputfs.fuse.jnr.JnrMount} has the
 * threads.
 */
@NullMarked
package build.inputfs.fuse.jnr;

import org.jspecify.annotations.NullMarked;
