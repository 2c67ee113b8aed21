/** The FUSE protocol over /dev/fuse, spoken with the kernel. */
@NullMarked
package build.inputfs.fuse.kernel;

import org.jspecify.annotations.NullMarked;
