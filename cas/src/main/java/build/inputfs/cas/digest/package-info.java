/** What names a blob: its hash and its size, and the functions that hash. */
@NullMarked
package build.inputfs.cas.digest;

import org.jspecify.annotations.NullMarked;
