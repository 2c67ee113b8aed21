package build.inputfs.app.client;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InterruptedIOException;
import java.net.URLDecoder;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * One call of gRPC: its request was sent; its answers come in. Filled by the connection's reader,
 * read by any thread.
 */
final class Call {
  /** Before each message: whether it is compressed, then its length. */
  static final int PREFIX = 5;

  private static final String GRPC_STATUS = "grpc-status";
  private static final int UNKNOWN = 2;

  private final Deque<byte[]> messages = new ArrayDeque<>();
  private final ByteArrayOutputStream partial = new ByteArrayOutputStream();
  private boolean ended;
  private @Nullable IOException failure;

  /** A message with its prefix. */
  static byte[] framed(byte[] message) {
    return ByteBuffer.allocate(PREFIX + message.length)
        .put((byte) 0)
        .putInt(message.length)
        .put(message)
        .array();
  }

  /**
   * Waits for the next message, or returns null when there will be no more.
   *
   * @throws DaemonException when the daemon ended the call with an error
   * @throws InterruptedIOException when the thread is interrupted
   * @throws IOException when the connection has ended
   */
  synchronized byte @Nullable [] next() throws IOException {
    while (messages.isEmpty() && !ended) {
      try {
        wait();
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
        throw new InterruptedIOException("interrupted while waiting for the daemon");
      }
    }
    if (!messages.isEmpty()) {
      return messages.poll();
    }
    if (failure != null) {
      throw failure;
    }
    return null;
  }

  /** The next message that has come, or null. */
  synchronized byte @Nullable [] poll() {
    return messages.poll();
  }

  /** The one message of a call that has one. */
  byte[] only() throws IOException {
    byte[] message = next();
    if (message == null || next() != null) {
      throw new IOException("the daemon did not answer with one message");
    }
    return message;
  }

  /** Part of the messages has come. */
  synchronized void data(byte[] payload, int offset, int length) throws IOException {
    partial.write(payload, offset, length);
    byte[] bytes = partial.toByteArray();
    int at = 0;
    while (bytes.length - at >= PREFIX) {
      ByteBuffer prefix = ByteBuffer.wrap(bytes, at, PREFIX);
      boolean compressed = prefix.get() != 0;
      int size = prefix.getInt();
      if (compressed || size < 0) {
        throw new IOException("the daemon sent a message in a way that it was not asked for");
      }
      if (bytes.length - at - PREFIX < size) {
        break;
      }
      at += PREFIX;
      messages.add(java.util.Arrays.copyOfRange(bytes, at, at + size));
      at += size;
    }
    partial.reset();
    partial.write(bytes, at, bytes.length - at);
    notifyAll();
  }

  /** The last headers have come, or there were only these. */
  synchronized void trailers(Map<String, String> fields) {
    int status = status(fields.get(GRPC_STATUS));
    if (status != 0) {
      String message = fields.getOrDefault("grpc-message", "");
      end(new DaemonException(status, percentDecoded(message)));
    } else {
      end(null);
    }
  }

  /** There will be no more. */
  synchronized void end(@Nullable IOException why) {
    if (!ended) {
      ended = true;
      failure = why;
      notifyAll();
    }
  }

  private static int status(@Nullable String text) {
    try {
      return text == null ? UNKNOWN : Integer.parseInt(text);
    } catch (NumberFormatException e) {
      return UNKNOWN;
    }
  }

  /** As gRPC has it, the plus sign stands for itself. */
  private static String percentDecoded(String text) {
    try {
      return URLDecoder.decode(text.replace("+", "%2B"), StandardCharsets.UTF_8);
    } catch (IllegalArgumentException e) {
      return text;
    }
  }
}
