/** Many views of one process, in a row and at once: nothing may be left, and nothing may grow. */
@NullMarked
package build.inputfs.it.soak;

import org.jspecify.annotations.NullMarked;
