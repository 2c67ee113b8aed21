/**
 * What an installed program brings along for people: its manual pages, and the completion of
 * shells, both made from the commands' own definitions.
 */
@NullMarked
package build.inputfs.app.manual;

import org.jspecify.annotations.NullMarked;
