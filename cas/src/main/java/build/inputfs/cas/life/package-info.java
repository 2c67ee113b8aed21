/**
 * The life of a store's files: how many there are, whether they are right, which are in use, and
 * which go when a limit is reached.
 */
@NullMarked
package build.inputfs.cas.life;

import org.jspecify.annotations.NullMarked;
