/**
 * Blobs on the local disk: the store, and the executable variants of its blobs. Published blobs
 * never change, so readers need no lock.
 */
@NullMarked
package build.inputfs.cas.store;

import org.jspecify.annotations.NullMarked;
