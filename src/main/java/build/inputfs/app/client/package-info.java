/** What the command line uses to talk to a daemon: gRPC over a Unix socket, quick to start. */
@NullMarked
package build.inputfs.app.client;

import org.jspecify.annotations.NullMarked;
