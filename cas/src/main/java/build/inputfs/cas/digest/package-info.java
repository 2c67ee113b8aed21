/** What names a blob: a digest function, and the digests that it makes. Depends on nothing. */
@NullMarked
package build.inputfs.cas.digest;

import org.jspecify.annotations.NullMarked;
