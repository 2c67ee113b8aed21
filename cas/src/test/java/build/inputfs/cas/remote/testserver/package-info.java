/**
 * A server of the Remote Execution API's content-addressable storage, for tests: it listens on a
 * real socket, and can be told to lack things, to have habits and to fail. Tests of other modules
 * have it from this module's test jar.
 */
@NullMarked
package build.inputfs.cas.remote.testserver;

import org.jspecify.annotations.NullMarked;
