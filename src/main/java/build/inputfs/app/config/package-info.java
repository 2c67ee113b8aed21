/** The configuration file: what may stand in it, where it is, and what it says. */
@NullMarked
package build.inputfs.app.config;

import org.jspecify.annotations.NullMarked;
