package build.inputfs.fuse.kernel;

import build.inputfs.cas.posix.Posix;
import build.inputfs.cas.posix.PosixException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;

/**
 * What requests come by on a queue, one at a time: an io_uring, and the memory that a request and
 * its reply go through. That is {@code struct fuse_uring_req_header} with the headers, and a
 * payload with all else. Here they get the layout that messages have on the device, which {@link
 * Request} and {@link Reply} know: a request by copying, which is short but for a WRITE; a reply by
 * having the payload right behind its header.
 *
 * <p>For one thread, but for making it. Pages that are never used take no memory.
 */
final class RingEntry implements AutoCloseable {
  /** Size of {@code struct fuse_uring_req_header}. */
  private static final int HEADERS = 288;

  /** Where the structure of the operation is among the headers. */
  private static final int OPERATION = 128;

  private static final int COMMIT_ID = 264;
  private static final int PAYLOAD_SIZE = 272;

  /** Two of {@code struct iovec}, behind the headers. */
  private static final int VECTORS = 512;

  private static final int PAYLOAD = 4096;
  private static final int REPLY = PAYLOAD - Reply.HEADER;
  private static final int REQUEST = PAYLOAD + Protocol.MAX_DATA;
  private static final int REQUEST_BYTES = Protocol.MAX_DATA + Protocol.HEADROOM;
  private static final int BYTES = REQUEST + REQUEST_BYTES;

  private final Posix posix;
  private final Uring uring;
  private final long address;
  private final ByteBuffer all;

  private RingEntry(Posix posix, Uring uring, long address) {
    this.posix = posix;
    this.uring = uring;
    this.address = address;
    this.all = Posix.memory(address, BYTES);
    all.putLong(VECTORS, address);
    all.putLong(VECTORS + 8, HEADERS);
    all.putLong(VECTORS + 16, address + PAYLOAD);
    all.putLong(VECTORS + 24, Protocol.MAX_DATA);
  }

  /**
   * Makes one.
   *
   * @throws PosixException where the kernel has no io_uring, or this process may not have one
   */
  static RingEntry open(Posix posix) throws PosixException {
    Uring uring = Uring.open(posix);
    long address = posix.map(BYTES);
    if (address < 0) {
      uring.close();
    }
    return new RingEntry(posix, uring, Posix.check(address, "mmap of buffers"));
  }

  /** What serves the request that is in it and makes the reply in it. */
  Dispatcher dispatcher(FuseSession.Shared shared) {
    ByteBuffer request = all.slice(REQUEST, REQUEST_BYTES).order(ByteOrder.nativeOrder());
    ByteBuffer reply =
        all.slice(REPLY, Reply.HEADER + Protocol.MAX_DATA).order(ByteOrder.nativeOrder());
    return new Dispatcher(shared, request, address + REQUEST, reply, address + REPLY);
  }

  /**
   * Takes its place in a queue, and waits for the first request.
   *
   * @return 0 when there is one, else a negated errno
   */
  int register(int device, int queue) {
    return received(uring.execute(device, Protocol.RING_REGISTER, address + VECTORS, 2, 0, queue));
  }

  /**
   * Sends the reply, and waits for the next request.
   *
   * @param length of the whole message
   * @return as {@link #register}
   */
  int exchange(int device, int queue, int length) {
    long commitId = all.getLong(COMMIT_ID);
    placeReply(length);
    return received(uring.execute(device, Protocol.RING_COMMIT_AND_FETCH, 0, 0, commitId, queue));
  }

  private int received(int result) {
    if (result == 0) {
      placeRequest();
    }
    return result;
  }

  /** From where the kernel put it to where it is in one piece. */
  void placeRequest() {
    int payload = all.getInt(PAYLOAD_SIZE);
    int operation = all.getInt(0) - Request.HEADER - payload;
    all.put(REQUEST, all, 0, Request.HEADER);
    all.put(REQUEST + Request.HEADER, all, OPERATION, operation);
    all.put(REQUEST + Request.HEADER + operation, all, PAYLOAD, payload);
  }

  /** From where it was made to where the kernel takes it from. */
  void placeReply(int length) {
    all.put(0, all, REPLY, Reply.HEADER);
    all.putInt(PAYLOAD_SIZE, length - Reply.HEADER);
  }

  /** Its whole memory, in which the kernel reads and writes. */
  ByteBuffer memory() {
    return all;
  }

  @Override
  public void close() {
    uring.close();
    posix.unmap(address, BYTES);
  }
}
