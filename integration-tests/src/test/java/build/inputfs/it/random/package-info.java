/** Random operations, the same on a view and on a private copy, until something differs. */
@NullMarked
package build.inputfs.it.random;

import org.jspecify.annotations.NullMarked;
