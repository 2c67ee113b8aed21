/** What happens when a view's scratch is full, by a limit of its own or because its disk is. */
@NullMarked
package build.inputfs.it.quota;

import org.jspecify.annotations.NullMarked;
