package build.inputfs.cas.remote.testserver;

import com.google.protobuf.ByteString;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.time.Duration;
import java.util.Set;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.Nullable;

/**
 * A distance: passes TCP connections on to a port of this machine, so that every byte arrives late
 * in either direction, by half of a round trip, and no connection carries less for it. It can be
 * cut, and stop passing bytes on while connections stay open. Thread-safe.
 */
public final class DelayRelay implements AutoCloseable {
  private static final int CHUNK = 1 << 16;

  /** How many chunks may be under way in one direction of a connection. */
  private static final int PIPE = 2048;

  /** Bytes that arrive at a time, in nanoseconds; null for the end. */
  private record Parcel(long due, @Nullable ByteString bytes) {}

  private final ServerSocket listener;
  private final InetSocketAddress target;
  private final Set<Socket> sockets = ConcurrentHashMap.newKeySet();
  private final AtomicLong bytesBack = new AtomicLong();
  private volatile long oneWayNanos;
  private final Set<Socket> silenced = ConcurrentHashMap.newKeySet();
  private final AtomicInteger connections = new AtomicInteger();
  private volatile boolean hung;

  /**
   * Begins to relay, until {@link #close}.
   *
   * @param port where the server listens, on the loopback interface
   */
  public DelayRelay(int port, Duration roundTrip) throws IOException {
    target = new InetSocketAddress(InetAddress.getLoopbackAddress(), port);
    setRoundTrip(roundTrip);
    listener = new ServerSocket(0, 50, InetAddress.getLoopbackAddress());
    Thread.ofVirtual().start(this::accept);
  }

  /** Where clients find it, on the loopback interface. */
  public int port() {
    return listener.getLocalPort();
  }

  /** How late an answer comes, for what is sent from now on. */
  public void setRoundTrip(Duration roundTrip) {
    oneWayNanos = roundTrip.toNanos() / 2;
  }

  /** How many bytes came back from the server. */
  public long bytesBack() {
    return bytesBack.get();
  }

  /** Has nothing arrive any more, on connections that stay as they are; or goes on. */
  public void hang(boolean value) {
    hung = value;
  }

  /** Has nothing arrive any more on the connections that there are; new ones work. */
  public void silence() {
    silenced.addAll(sockets);
  }

  /** How many connections were taken. */
  public int connections() {
    return connections.get();
  }

  /** Ends all connections. New ones are taken as before. */
  public void cut() {
    sockets.forEach(DelayRelay::close);
  }

  private void accept() {
    try {
      while (true) {
        Socket client = listener.accept();
        Socket server = new Socket();
        connections.incrementAndGet();
        sockets.add(client);
        sockets.add(server);
        try {
          server.connect(target);
          pass(client, server, new AtomicLong());
          pass(server, client, bytesBack);
        } catch (IOException e) {
          close(client);
          close(server);
        }
      }
    } catch (IOException e) {
      // That is how it ends.
    }
  }

  private void pass(Socket from, Socket to, AtomicLong count) throws IOException {
    from.setTcpNoDelay(true);
    to.setTcpNoDelay(true);
    InputStream in = from.getInputStream();
    OutputStream out = to.getOutputStream();
    BlockingQueue<Parcel> pipe = new ArrayBlockingQueue<>(PIPE);
    Thread.ofVirtual().start(() -> send(in, pipe, count));
    Thread.ofVirtual().start(() -> arrive(pipe, from, to, out));
  }

  private void send(InputStream in, BlockingQueue<Parcel> pipe, AtomicLong count) {
    byte[] buffer = new byte[CHUNK];
    try {
      try {
        for (int read = in.read(buffer); read >= 0; read = in.read(buffer)) {
          count.addAndGet(read);
          pipe.put(
              new Parcel(System.nanoTime() + oneWayNanos, ByteString.copyFrom(buffer, 0, read)));
        }
      } catch (IOException e) {
        // The connection has ended, in whatever way.
      }
      pipe.put(new Parcel(System.nanoTime() + oneWayNanos, null));
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  private void arrive(BlockingQueue<Parcel> pipe, Socket from, Socket to, OutputStream out) {
    try {
      while (true) {
        Parcel parcel = pipe.take();
        long left = parcel.due() - System.nanoTime();
        while (left > 0 || isHung(from)) {
          TimeUnit.NANOSECONDS.sleep(isHung(from) ? 10_000_000 : left);
          left = parcel.due() - System.nanoTime();
        }
        ByteString bytes = parcel.bytes();
        if (bytes == null) {
          break;
        }
        bytes.writeTo(out);
      }
    } catch (IOException e) {
      // The other end has gone.
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
    close(from);
    close(to);
  }

  private boolean isHung(Socket from) {
    return hung || silenced.contains(from);
  }

  private static void close(Socket socket) {
    try {
      socket.close();
    } catch (IOException e) {
      // It is of no use any more in any case.
    }
  }

  @Override
  public void close() throws IOException {
    hung = false;
    silenced.clear();
    listener.close();
    cut();
  }
}
