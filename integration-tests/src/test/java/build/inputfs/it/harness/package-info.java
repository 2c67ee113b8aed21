/**
 * What the tests share: input trees, stores, places to run in, and child processes with deadlines.
 */
@NullMarked
package build.inputfs.it.harness;

import org.jspecify.annotations.NullMarked;
