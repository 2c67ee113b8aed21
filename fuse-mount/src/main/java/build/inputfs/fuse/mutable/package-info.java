/** A view that is served by us: input files shared, what is written in a scratch. */
@NullMarked
package build.inputfs.fuse.mutable;

import org.jspecify.annotations.NullMarked;
