/** The daemon's API as gRPC serves it: sockets, who is let in, messages and errors. */
@NullMarked
package build.inputfs.app.rpc;

import org.jspecify.annotations.NullMarked;
