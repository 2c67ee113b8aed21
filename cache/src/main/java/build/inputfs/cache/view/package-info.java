/**
 * Views of input trees: the interface that every strategy implements, and what is done with a view
 * whatever its strategy is.
 */
@NullMarked
package build.inputfs.cache.view;

import org.jspecify.annotations.NullMarked;
