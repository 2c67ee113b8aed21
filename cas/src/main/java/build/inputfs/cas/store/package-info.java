/** Blobs on the local disk, named by digest, and their executable variants. */
@NullMarked
package build.inputfs.cas.store;

import org.jspecify.annotations.NullMarked;
