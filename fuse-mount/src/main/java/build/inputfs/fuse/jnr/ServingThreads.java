package build.inputfs.fuse.jnr;

import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.LockSupport;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The threads that serve one mount. Nearly always one of them alone takes requests from the
 * library, serves them, and stays warm: the kernel wakes those that wait for requests in turn, so
 * that a second one would make each request wait for a processor to wake.
 *
 * <p>A second thread guards. Every millisecond it looks whether anybody waits for requests. If
 * nobody does, and no request was taken since the last look, or it was so at some looks in a row,
 * it serves itself from then on, and another guards. A thread that has served a request while
 * another already waits for the next has nothing to do: it guards, or rests, and ends when it was
 * not needed for a while. While no requests come the guard sleeps.
 *
 * <p>{@link #start} is called once; any thread may call the other methods.
 */
final class ServingThreads {
  /** How often the guard looks. */
  private static final long TICK = TimeUnit.MILLISECONDS.toNanos(1);

  /** After so many looks at which nobody waited for requests the guard serves, too. */
  private static final int BUSY_TICKS = 3;

  /** After so many looks between which no request came the guard sleeps. */
  private static final int QUIET_TICKS = 20;

  /** How long a thread rests before it ends. */
  private static final long PATIENCE = TimeUnit.SECONDS.toNanos(2);

  private final String name;
  private final int most;
  private final Libfuse libfuse;
  private final long session;
  private final long channel;
  private final Runnable afterLast;

  /** How many threads wait for requests. */
  private final AtomicInteger waiting = new AtomicInteger();

  /** How many requests were taken: it may go round. */
  private final AtomicInteger taken = new AtomicInteger();

  /** Set when the library says that there will be no more requests. */
  private volatile boolean over;

  /** The guard while it sleeps. */
  private volatile @Nullable Thread asleep;

  private final Object lock = new Object();

  // Guarded by lock.
  private int threads;
  private int started;
  private int resting;
  private boolean guarded;

  /**
   * @param name what the threads' names begin with
   * @param most how many threads there may be at once
   * @param afterLast is run by the last thread that ends
   */
  ServingThreads(
      String name, int most, Libfuse libfuse, long session, long channel, Runnable afterLast) {
    this.name = name;
    this.most = most;
    this.libfuse = libfuse;
    this.session = session;
    this.channel = channel;
    this.afterLast = afterLast;
  }

  /** Starts to serve: whether there is a thread that does. */
  boolean start() {
    return startThread(true);
  }

  /** What the current thread fills, if it is one that serves a mount. */
  static @Nullable Work work() {
    return Thread.currentThread() instanceof Server server ? server.work : null;
  }

  private boolean startThread(boolean serving) {
    Server made;
    synchronized (lock) {
      if (threads >= most) {
        return false;
      }
      threads++;
      made = new Server(name + "-" + ++started, serving);
    }
    try {
      made.start();
      return true;
    } catch (Throwable e) {
      log().warn("No further thread {} could be started", made.getName(), e);
      made.work.close();
      made.requests.close();
      synchronized (lock) {
        threads--;
      }
      return false;
    }
  }

  private final class Server extends Thread {
    private final Libfuse.Requests requests = libfuse.new Requests(session, channel);
    private final boolean serving;
    final Work work = new Work(libfuse, requests);

    Server(String name, boolean serving) {
      super(name);
      this.serving = serving;
      setDaemon(true);
    }

    @Override
    public void run() {
      try (requests;
          work) {
        boolean serves = serving;
        if (serves) {
          provideGuard();
        }
        while (serves || rest()) {
          serves = serve(requests);
        }
      } catch (Throwable e) {
        log().error("{}, a thread that served a mount, has failed", getName(), e);
      } finally {
        ended();
      }
    }
  }

  /** Takes a request and serves it: whether this thread is to take the next, too. */
  private boolean serve(Libfuse.Requests requests) {
    waiting.incrementAndGet();
    boolean received;
    try {
      received = requests.receive();
    } finally {
      waiting.decrementAndGet();
    }
    if (!received) {
      end();
      return false;
    }
    taken.incrementAndGet();
    Thread guard = asleep;
    if (guard != null) {
      asleep = null;
      LockSupport.unpark(guard);
    }
    requests.serve();
    return waiting.get() == 0;
  }

  private void end() {
    over = true;
    synchronized (lock) {
      lock.notifyAll();
    }
    LockSupport.unpark(asleep);
  }

  // Rest

  /** Waits until this thread is needed: false when it is not. */
  private boolean rest() throws InterruptedException {
    long end = System.nanoTime() + PATIENCE;
    synchronized (lock) {
      resting++;
      try {
        while (guarded && !over) {
          long left = end - System.nanoTime();
          if (left <= 0) {
            return false;
          }
          TimeUnit.NANOSECONDS.timedWait(lock, left);
        }
        if (over) {
          return false;
        }
        guarded = true;
      } finally {
        resting--;
      }
    }
    guard();
    synchronized (lock) {
      guarded = false;
    }
    if (over) {
      return false;
    }
    provideGuard();
    return true;
  }

  private void provideGuard() {
    synchronized (lock) {
      if (guarded || resting > 0) {
        lock.notify();
        return;
      }
    }
    startThread(false);
  }

  /** Looks after those that serve, until this thread is to serve too. */
  private void guard() {
    int busyTicks = 0;
    int quietTicks = 0;
    int before = taken.get();
    while (!over && busyTicks < BUSY_TICKS) {
      LockSupport.parkNanos(this, TICK);
      int now = taken.get();
      boolean quiet = now == before;
      before = now;
      if (waiting.get() == 0) {
        busyTicks = quiet ? BUSY_TICKS : busyTicks + 1;
        quietTicks = 0;
      } else {
        busyTicks = 0;
        quietTicks = quiet ? quietTicks + 1 : 0;
      }
      if (quietTicks > QUIET_TICKS) {
        sleep();
        quietTicks = 0;
      }
    }
  }

  /** Sleeps until a request has come. */
  private void sleep() {
    asleep = Thread.currentThread();
    // Whoever takes a request after this look finds this thread asleep, and wakes it.
    while (asleep != null && waiting.get() > 0 && !over) {
      LockSupport.park(this);
    }
    asleep = null;
  }

  private void ended() {
    boolean last;
    synchronized (lock) {
      last = --threads == 0;
    }
    if (last) {
      afterLast.run();
    }
  }

  private static Logger log() {
    return LoggerFactory.getLogger(ServingThreads.class);
  }
}
