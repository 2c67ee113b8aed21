/**
 * Real trees on the local disk: made from a store by hard link, clone or copy, removed again, and
 * kept in a cache.
 */
@NullMarked
package build.inputfs.cache.link;

import org.jspecify.annotations.NullMarked;
