/** Real programs at work in a view, compared with the same work on a private copy. */
@NullMarked
package build.inputfs.it.programs;

import org.jspecify.annotations.NullMarked;
