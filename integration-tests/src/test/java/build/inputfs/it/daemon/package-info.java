/** The daemon and its API, as clients in processes of their own use them. */
@NullMarked
package build.inputfs.it.daemon;

import org.jspecify.annotations.NullMarked;
