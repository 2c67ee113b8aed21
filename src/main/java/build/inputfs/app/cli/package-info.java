/** The command line: options in, one line per error out. */
@NullMarked
package build.inputfs.app.cli;

import org.jspecify.annotations.NullMarked;
