/**
 * What is true of every view, however it is made. Each test runs on a private copy on the native
 * disk too, which proves that it asks for what a disk does.
 */
@NullMarked
package build.inputfs.it.conformance;

import org.jspecify.annotations.NullMarked;
