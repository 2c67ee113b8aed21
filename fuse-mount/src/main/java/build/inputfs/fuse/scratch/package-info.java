/**
 * Where views keep what is written in them, and how that is kept within a quota: by the kernel
 * where it can (a tmpfs, a project quota), else by looking again and again.
 */
@NullMarked
package build.inputfs.fuse.scratch;

import org.jspecify.annotations.NullMarked;
