package build.inputfs.cas.remote.testserver;

import io.grpc.Status;
import java.time.Duration;

/** What goes wrong in one call. Bytes are those of contents; calls with one answer fail at once. */
public sealed interface Fault {
  /** The call fails after so many bytes. */
  record Fails(Status.Code code, long afterBytes) implements Fault {}

  /** Nothing more comes after so many bytes, and the call does not end. */
  record Hangs(long afterBytes) implements Fault {}

  /** The call ends well after so many bytes; a batch lacks its last answer. */
  record EndsEarly(long afterBytes) implements Fault {}

  /** One bit of what is sent is wrong. */
  record Corrupts(long atByte) implements Fault {}

  /** More is sent than there is. */
  record Adds(int bytes) implements Fault {}

  /** What is streamed comes a byte at a time, a tree a directory at a time, with pauses between. */
  record Trickles(Duration pause) implements Fault {}

  /** The answer begins after a while. */
  record Waits(Duration time) implements Fault {}
}
