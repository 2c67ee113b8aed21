/**
 * Blobs elsewhere: the client of any server of the Remote Execution API's content-addressable
 * storage. It knows of no local store but where it uploads from one; nothing of gRPC is loaded
 * before a remote is opened.
 */
@NullMarked
package build.inputfs.cas.remote;

import org.jspecify.annotations.NullMarked;
