/**
 * The program with a remote CAS behind its store: a server of the tests' own, and one of others.
 */
@NullMarked
package build.inputfs.it.remote;

import org.jspecify.annotations.NullMarked;
