package build.inputfs.app.client;

import build.inputfs.cas.posix.LocalSocket;
import build.inputfs.cas.thread.Threads;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InterruptedIOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * A connection to a daemon, on which gRPC calls are made: as much of HTTP/2 (RFC 9113) as a client
 * of one trusted server on the same machine needs. It offers no compression, no push and no dynamic
 * table.
 *
 * <p>Why not grpc-java: it starts slower by far than all that a short command does.
 *
 * <p>Thread-safe. A thread of its own reads, so that the server's pings are answered and its end is
 * seen while nobody waits for an answer.
 */
final class Connection implements AutoCloseable {
  private static final byte[] PREFACE =
      "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n".getBytes(StandardCharsets.US_ASCII);

  private static final int DATA = 0;
  private static final int HEADERS = 1;
  private static final int RST_STREAM = 3;
  private static final int SETTINGS = 4;
  private static final int PING = 6;
  private static final int GOAWAY = 7;
  private static final int WINDOW_UPDATE = 8;
  private static final int CONTINUATION = 9;

  private static final int ACK = 1;
  private static final int END_STREAM = 1;
  private static final int END_HEADERS = 4;
  private static final int PADDED = 8;
  private static final int PRIORITY = 0x20;

  private static final int HEADER_TABLE_SIZE = 1;
  private static final int ENABLE_PUSH = 2;
  private static final int INITIAL_WINDOW_SIZE = 4;

  private static final int FRAME_HEADER = 9;
  private static final int LARGEST_FRAME = 1 << 14;
  private static final int LARGEST_BLOCK = 1 << 20;
  private static final int FIRST_WINDOW = (1 << 16) - 1;
  private static final int BUFFER = 1 << 14;

  /** A call, and how much may be sent in it. */
  private static final class Stream {
    final Call call = new Call();
    long window;

    Stream(long window) {
      this.window = window;
    }
  }

  private final LocalSocket socket;
  private final Thread reader;
  private final Map<Integer, Stream> streams = new HashMap<>();
  private int nextStream = 1;
  private long window = FIRST_WINDOW;
  private long firstWindow = FIRST_WINDOW;
  private @Nullable IOException end;
  private @Nullable Runnable afterEnd;

  /** The reader's: what was read and not yet used. */
  private final byte[] buffer = new byte[BUFFER];

  private int from;
  private int to;

  /** The reader's: how much it has taken that the other side does not know of. */
  private int taken;

  private Connection(LocalSocket socket) {
    this.socket = socket;
    this.reader = Thread.ofPlatform().name("daemon connection").daemon().unstarted(this::read);
  }

  /**
   * Connects to the daemon that listens at {@code path}.
   *
   * @throws IOException when nobody does, or it is another user's
   */
  static Connection open(Path path) throws IOException {
    LocalSocket socket = LocalSocket.connect(path);
    try {
      int owner = socket.peerUser();
      if (owner != 0 && owner != socket.ownUser()) {
        throw new IOException(
            "user " + Integer.toUnsignedString(owner) + " listens at " + path + ": not trusted");
      }
      ByteBuffer settings = ByteBuffer.allocate(18);
      settings.putShort((short) HEADER_TABLE_SIZE).putInt(0);
      settings.putShort((short) ENABLE_PUSH).putInt(0);
      settings.putShort((short) INITIAL_WINDOW_SIZE).putInt(Integer.MAX_VALUE);
      ByteArrayOutputStream hello = new ByteArrayOutputStream();
      hello.writeBytes(PREFACE);
      hello.writeBytes(frame(SETTINGS, 0, 0, settings.array(), 0, settings.capacity()));
      socket.write(hello.toByteArray());
      Connection connection = new Connection(socket);
      connection.reader.start();
      return connection;
    } catch (IOException e) {
      socket.close();
      throw e;
    }
  }

  /**
   * Starts a call.
   *
   * @param method {@code package.Service/Method}
   * @param message the request
   */
  Call call(String method, byte[] message) throws IOException {
    ByteArrayOutputStream headers = new ByteArrayOutputStream();
    headers.write(0x83); // :method POST
    headers.write(0x86); // :scheme http
    field(headers, ":path", "/" + method);
    field(headers, ":authority", "localhost");
    field(headers, "content-type", "application/grpc");
    field(headers, "te", "trailers");
    byte[] framed = Call.framed(message);
    Stream stream;
    int number;
    int sent = 0;
    synchronized (this) {
      if (end != null) {
        throw gone(end);
      }
      stream = new Stream(firstWindow);
      number = nextStream;
      nextStream += 2;
      streams.put(number, stream);
      byte[] opening =
          frame(HEADERS, END_HEADERS, number, headers.toByteArray(), 0, headers.size());
      if (framed.length <= Math.min(LARGEST_FRAME, free(stream))) {
        sent = framed.length;
        window -= sent;
        stream.window -= sent;
        opening = joined(opening, frame(DATA, END_STREAM, number, framed, 0, sent));
      }
      // Streams have to be opened in the order of their numbers.
      write(opening);
    }
    send(number, stream, framed, sent);
    return stream.call;
  }

  private static byte[] joined(byte[] first, byte[] second) {
    return ByteBuffer.allocate(first.length + second.length).put(first).put(second).array();
  }

  private void send(int number, Stream stream, byte[] message, int from) throws IOException {
    int sent = from;
    while (sent < message.length) {
      int length = reserve(stream, Math.min(message.length - sent, LARGEST_FRAME));
      boolean last = sent + length == message.length;
      write(frame(DATA, last ? END_STREAM : 0, number, message, sent, length));
      sent += length;
    }
  }

  /** How much the other side takes of a stream now. Called with the lock held. */
  private long free(Stream stream) {
    return Math.min(window, stream.window);
  }

  /** Waits until the other side takes data, and returns how much of {@code wanted} it does. */
  private synchronized int reserve(Stream stream, int wanted) throws IOException {
    while (free(stream) <= 0) {
      if (end != null) {
        throw gone(end);
      }
      try {
        wait();
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
        throw new InterruptedIOException("interrupted while writing to the daemon");
      }
    }
    int length = (int) Math.min(wanted, free(stream));
    window -= length;
    stream.window -= length;
    return length;
  }

  /** One at a time, so that frames stay whole. */
  private void write(byte[] frame) throws IOException {
    synchronized (socket) {
      socket.write(frame);
    }
  }

  private static byte[] frame(
      int type, int flags, int stream, byte[] payload, int offset, int length) {
    return ByteBuffer.allocate(FRAME_HEADER + length)
        .putInt(length << 8 | type)
        .put((byte) flags)
        .putInt(stream)
        .put(payload, offset, length)
        .array();
  }

  /** A literal header field, without Huffman codes: RFC 7541, section 6.2.2. */
  private static void field(ByteArrayOutputStream headers, String name, String value) {
    headers.write(0);
    for (String text : new String[] {name, value}) {
      byte[] bytes = text.getBytes(StandardCharsets.US_ASCII);
      if (bytes.length >= 0x7f) {
        throw new IllegalArgumentException("too long for a header of ours: " + text);
      }
      headers.write(bytes.length);
      headers.writeBytes(bytes);
    }
  }

  private void read() {
    IOException why;
    try {
      while (true) {
        readFrame();
      }
    } catch (IOException e) {
      why = e;
    }
    Runnable then;
    synchronized (this) {
      end = why;
      for (Stream stream : streams.values()) {
        stream.call.end(gone(why));
      }
      notifyAll();
      then = afterEnd;
    }
    if (then != null) {
      then.run();
    }
  }

  /** Has {@code then} run when the other side ends the connection, by the reader or at once. */
  void whenEnded(Runnable then) {
    boolean ended;
    synchronized (this) {
      ended = end != null;
      afterEnd = then;
    }
    if (ended) {
      then.run();
    }
  }

  private static IOException gone(IOException why) {
    return new IOException("the daemon has gone: " + why.getMessage(), why);
  }

  private void readFrame() throws IOException {
    ByteBuffer header = ByteBuffer.wrap(bytes(FRAME_HEADER));
    int lengthAndType = header.getInt();
    int flags = header.get();
    int number = header.getInt() & Integer.MAX_VALUE;
    int length = lengthAndType >>> 8;
    if (length > LARGEST_FRAME) {
      throw new IOException("it sent a frame of " + length + " bytes");
    }
    byte[] payload = bytes(length);
    switch (lengthAndType & 0xff) {
      case DATA -> data(number, flags, payload);
      case HEADERS -> headers(number, flags, payload);
      case RST_STREAM -> {
        Stream stream = take(number);
        if (stream != null) {
          stream.call.end(new IOException("the daemon broke off the call"));
        }
      }
      case SETTINGS -> {
        if ((flags & ACK) == 0) {
          settings(ByteBuffer.wrap(payload));
          write(frame(SETTINGS, ACK, 0, payload, 0, 0));
        }
      }
      case PING -> {
        if ((flags & ACK) == 0) {
          write(frame(PING, ACK, 0, payload, 0, length));
        }
      }
      case GOAWAY -> refuseAfter(ByteBuffer.wrap(payload).getInt());
      case WINDOW_UPDATE -> widen(number, ByteBuffer.wrap(payload).getInt());
      default -> {
        // Others may be ignored.
      }
    }
  }

  private void data(int number, int flags, byte[] payload) throws IOException {
    taken += payload.length;
    if (taken > FIRST_WINDOW / 2) {
      byte[] more = ByteBuffer.allocate(Integer.BYTES).putInt(taken).array();
      write(frame(WINDOW_UPDATE, 0, 0, more, 0, more.length));
      taken = 0;
    }
    Stream stream = find(number);
    if (stream == null) {
      return;
    }
    int offset = 0;
    int length = payload.length;
    if ((flags & PADDED) != 0) {
      offset = 1;
      length -= 1 + (payload[0] & 0xff);
    }
    stream.call.data(payload, offset, length);
    if ((flags & END_STREAM) != 0) {
      take(number);
      stream.call.end(new IOException("the daemon ended the call without a status"));
    }
  }

  private void headers(int number, int flags, byte[] payload) throws IOException {
    int offset = (flags & PADDED) != 0 ? 1 : 0;
    int padding = offset == 0 ? 0 : payload[0] & 0xff;
    if ((flags & PRIORITY) != 0) {
      offset += 5;
    }
    ByteArrayOutputStream block = new ByteArrayOutputStream();
    block.write(payload, offset, payload.length - offset - padding);
    boolean whole = (flags & END_HEADERS) != 0;
    while (!whole) {
      ByteBuffer header = ByteBuffer.wrap(bytes(FRAME_HEADER));
      int lengthAndType = header.getInt();
      if ((lengthAndType & 0xff) != CONTINUATION || block.size() > LARGEST_BLOCK) {
        throw new IOException("it sent headers that do not end");
      }
      whole = (header.get() & END_HEADERS) != 0;
      block.writeBytes(bytes(lengthAndType >>> 8));
    }
    Map<String, String> fields = HeaderDecoder.decode(block.toByteArray());
    if ((flags & END_STREAM) != 0) {
      Stream stream = take(number);
      if (stream != null) {
        stream.call.trailers(fields);
      }
    }
  }

  private synchronized void settings(ByteBuffer payload) {
    while (payload.remaining() >= Short.BYTES + Integer.BYTES) {
      int what = payload.getShort();
      long value = payload.getInt() & 0xffffffffL;
      if (what == INITIAL_WINDOW_SIZE) {
        for (Stream stream : streams.values()) {
          stream.window += value - firstWindow;
        }
        firstWindow = value;
        notifyAll();
      }
    }
  }

  private synchronized void widen(int number, int by) {
    Stream stream = streams.get(number);
    if (number == 0) {
      window += by;
    } else if (stream != null) {
      stream.window += by;
    }
    notifyAll();
  }

  private synchronized void refuseAfter(int last) {
    streams.forEach(
        (number, stream) -> {
          if (number > last) {
            stream.call.end(new IOException("the daemon is about to stop"));
          }
        });
  }

  private synchronized @Nullable Stream find(int number) {
    return streams.get(number);
  }

  private synchronized @Nullable Stream take(int number) {
    return streams.remove(number);
  }

  private byte[] bytes(int count) throws IOException {
    byte[] bytes = new byte[count];
    int done = 0;
    while (done < count) {
      if (from == to) {
        from = 0;
        to = socket.read(buffer, 0, buffer.length);
        if (to < 0) {
          to = 0;
          throw new IOException("it has closed the connection");
        }
      }
      int part = Math.min(count - done, to - from);
      System.arraycopy(buffer, from, bytes, done, part);
      from += part;
      done += part;
    }
    return bytes;
  }

  @Override
  public void close() {
    synchronized (this) {
      afterEnd = null;
    }
    socket.shutdown();
    Threads.join(reader);
    socket.close();
  }
}
