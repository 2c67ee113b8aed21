/** The command line: what each command does, what it says when it cannot, and what it leaves. */
@NullMarked
package build.inputfs.it.cli;

import org.jspecify.annotations.NullMarked;
