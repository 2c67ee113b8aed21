/** Mount points and the mounts that there are, whichever strategy or transport made them. */
@NullMarked
package build.inputfs.fuse.mount;

import org.jspecify.annotations.NullMarked;
