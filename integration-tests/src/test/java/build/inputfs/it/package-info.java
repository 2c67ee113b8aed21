/** Black-box tests: they drive the program as its user does. */
@NullMarked
package build.inputfs.it;

import org.jspecify.annotations.NullMarked;
