/** That nothing done inside a view reaches the store or another view. */
@NullMarked
package build.inputfs.it.immutability;

import org.jspecify.annotations.NullMarked;
