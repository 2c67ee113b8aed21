/** Running one command in a view and collecting what it made. */
@NullMarked
package build.inputfs.app.run;

import org.jspecify.annotations.NullMarked;
