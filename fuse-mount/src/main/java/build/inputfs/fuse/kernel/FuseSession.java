package build.inputfs.fuse.kernel;

import build.inputfs.cas.posix.Posix;
import build.inputfs.fuse.mount.MountException;
import build.inputfs.fuse.vfs.FileSystem;
import build.inputfs.fuse.vfs.Mounted;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.ByteOrder;
import java.nio.file.Path;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A mounted filesystem: the mount, the descriptor of {@code /dev/fuse} behind it, and the threads
 * that serve it. It lives until {@link #close} or until somebody else unmounts it; either way all
 * threads, descriptors and buffers are given back once, by the last reader that ends.
 *
 * <p>Requests are served by few threads as long as few are needed. Two wait for requests; whenever
 * a request is taken and nobody is left waiting, since the others are busy in the filesystem,
 * another thread is started, and those beyond two end again when they find enough others waiting.
 * Where {@link MountOptions#ring} is wanted and the kernel has it, most come over {@link Rings}.
 *
 * <p>Any thread may call any method, but for one that is serving a request. Nothing in this JVM may
 * touch a path under the mount.
 */
public final class FuseSession implements Mounted {
  /** How many readers wait for requests when there is nothing to do. */
  private static final int BASE_READERS = 2;

  /** How long after the last start of a reader none retires: bursts come in groups. */
  private static final long RETIRE_AFTER_NANOS = TimeUnit.SECONDS.toNanos(1);

  private static final Duration END_LIMIT = Duration.ofSeconds(30);

  /** How long {@link #close} waits for readers that only wait for requests. */
  private static final Duration GRACE = Duration.ofSeconds(1);

  /** What all readers of a session use. */
  record Shared(
      FileSystem fileSystem,
      MountOptions options,
      Negotiation negotiation,
      Backings backings,
      Successors successors,
      Notices notices,
      RequestCounters counters) {}

  private final Posix posix;
  private final Mounter mounter;
  private final Mounter.Mount mount;
  private final Shared shared;
  private final AtomicInteger idle = new AtomicInteger();
  private final CountDownLatch ended = new CountDownLatch(1);
  private final Object lock = new Object();

  private final @Nullable Rings rings;

  // Guarded by lock.
  private int holders;
  private int readers;
  private int threadsStarted;

  private volatile long lastStart;
  private volatile boolean closing;

  private FuseSession(
      Posix posix, Mounter mounter, Mounter.Mount mount, Shared shared, @Nullable Rings rings) {
    this.posix = posix;
    this.mounter = mounter;
    this.mount = mount;
    this.shared = shared;
    this.rings = rings;
  }

  /**
   * Mounts {@code fs} on {@code mountPoint} and starts to serve it. When this returns the kernel
   * has spoken with this session; when it throws nothing is left behind.
   *
   * @param mountPoint an empty directory
   * @throws MountException with a message for the user
   */
  public static FuseSession mount(Posix posix, FileSystem fs, Path mountPoint, MountOptions options)
      throws MountException {
    Mounter mounter = new Mounter(posix);
    Mounter.Mount mount = mounter.mount(mountPoint, options);
    RequestCounters counters = new RequestCounters();
    Rings rings = options.ring() ? Rings.open(posix, options) : null;
    Negotiation negotiation;
    try {
      negotiation = Negotiation.perform(posix, mount.device(), options.withRing(rings != null));
    } catch (MountException e) {
      if (rings != null) {
        rings.discard();
      }
      posix.close(mount.device());
      try {
        mounter.unmount(mount);
      } catch (MountException suppressed) {
        e.addSuppressed(suppressed);
      }
      throw e;
    }
    counters.count(Opcode.INIT);
    if (rings != null && !negotiation.ring()) {
      rings.discard();
      rings = null;
    }
    Shared shared =
        new Shared(
            fs,
            options,
            negotiation,
            new Backings(posix, fs, mount.device()),
            new Successors(),
            new Notices(posix, mount.device()),
            counters);
    FuseSession session = new FuseSession(posix, mounter, mount, shared, rings);
    session.startReader();
    if (session.ended.getCount() == 0) {
      if (rings != null) {
        rings.discard();
      }
      mounter.unmount(mount);
      throw new MountException("no thread could be started to serve " + mount.path());
    }
    if (rings != null) {
      rings.start(session, posix);
    }
    return session;
  }

  /** Where it is mounted: an absolute path without symlinks. */
  public Path mountPoint() {
    return mount.path();
  }

  /** What was asked for so far. */
  public RequestCounters counters() {
    return shared.counters();
  }

  /** Whether the kernel reads and writes files of this mount by itself. */
  public boolean passthrough() {
    return shared.negotiation().passthrough() && !shared.backings().refused();
  }

  @Override
  public String mechanism() {
    return "kernel transport 7.%d%s, %s"
        .formatted(
            shared.negotiation().minor(),
            rings == null ? "" : " over io_uring",
            passthrough() ? "passthrough" : "through the page cache");
  }

  @Override
  public Map<String, Long> requests() {
    Map<String, Long> requests = new LinkedHashMap<>();
    counters().snapshot().forEach((opcode, count) -> requests.put(opcode.name(), count));
    return requests;
  }

  /** Waits until the mount is gone and everything is given back, whoever unmounts it. */
  @Override
  public void awaitUnmounted() throws InterruptedException {
    ended.await();
  }

  /**
   * As {@link #awaitUnmounted()}, but not for ever.
   *
   * @return whether it is gone
   */
  public boolean awaitUnmounted(Duration limit) throws InterruptedException {
    return ended.await(limit.toNanos(), TimeUnit.NANOSECONDS);
  }

  /**
   * Unmounts, and waits until what is being served is done and the filesystem is not called again.
   * A process that still uses the mount gets ENOTCONN from then on. Does nothing when the mount is
   * gone.
   *
   * @throws IOException when the mount is left behind, or a request is still being served after
   *     half a minute
   */
  @Override
  public void close() throws IOException {
    if (ended.getCount() == 0) {
      return;
    }
    try {
      mounter.unmount(mount);
    } finally {
      closing = true;
    }
    if (!awaitIdle()) {
      throw new IOException(
          "%s is unmounted, but a request is still being served after %d s"
              .formatted(mountPoint(), END_LIMIT.toSeconds()));
    }
  }

  /**
   * Waits until all readers have ended. Where a process holds on to an unmounted filesystem, and
   * this one may not force it to let go, they do that only at its next request: then it is enough
   * that none of them serves one.
   */
  private boolean awaitIdle() {
    long start = System.nanoTime();
    boolean interrupted = false;
    try {
      while (System.nanoTime() - start < END_LIMIT.toNanos()) {
        try {
          if (ended.await(20, TimeUnit.MILLISECONDS)) {
            return true;
          }
        } catch (InterruptedException e) {
          interrupted = true;
        }
        if (System.nanoTime() - start > GRACE.toNanos() && allIdle()) {
          return true;
        }
      }
      return false;
    } finally {
      if (interrupted) {
        Thread.currentThread().interrupt();
      }
    }
  }

  @Override
  public void forgetName(long parent, byte[] name) {
    notify(notices -> notices.forgetName(parent, name));
  }

  @Override
  public void forgetContent(long node) {
    notify(notices -> notices.forgetContent(node));
  }

  /** Tells the kernel something, unless the session has ended. */
  private void notify(Consumer<Notices> telling) {
    synchronized (lock) {
      if (holders == 0) {
        return;
      }
      holders++;
    }
    try {
      telling.accept(shared.notices());
    } finally {
      release();
    }
  }

  private boolean allIdle() {
    synchronized (lock) {
      return idle.get() == readers && (rings == null || rings.areIdle());
    }
  }

  // For readers

  Shared shared() {
    return shared;
  }

  /** A descriptor for one reader: a clone, or where that fails the session's own. */
  int cloneDevice() {
    int fd = mounter.openDevice();
    if (fd < 0) {
      return mount.device();
    }
    int result;
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment original = arena.allocate(4, 4);
      original.asByteBuffer().order(ByteOrder.nativeOrder()).putInt(0, mount.device());
      result = posix.ioctl(fd, Protocol.IOC_CLONE, original.address());
    }
    if (result < 0) {
      posix.close(fd);
      return mount.device();
    }
    return fd;
  }

  void returnDevice(int fd) {
    if (fd != mount.device()) {
      posix.close(fd);
    }
  }

  /**
   * A reader waits for a request, or will as soon as it has written its reply: a caller that has
   * the reply makes its next request before the reader that wrote it is back, and that is no reason
   * to start another one.
   */
  void readerIdle() {
    idle.incrementAndGet();
  }

  /**
   * A reader no longer waits.
   *
   * @param taken whether it has a request
   * @return whether it is to serve that request, and not to refuse it
   */
  boolean readerWoken(boolean taken) {
    if (idle.decrementAndGet() == 0 && taken) {
      startReader();
    }
    return !closing;
  }

  /** Whether a reader that has written its reply is to end. Then it is not idle any more. */
  boolean mayRetire() {
    if (closing) {
      idle.decrementAndGet();
      return true;
    }
    int waiting = idle.get();
    return waiting > BASE_READERS
        && System.nanoTime() - lastStart > RETIRE_AFTER_NANOS
        && idle.compareAndSet(waiting, waiting - 1);
  }

  private void startReader() {
    synchronized (lock) {
      if (closing || readers >= shared.options().maxReaders()) {
        return;
      }
      readers++;
    }
    lastStart = System.nanoTime();
    if (!start(new Reader(this, posix))) {
      readerEnded();
    }
  }

  /** A reader is gone, with its descriptor. */
  void readerEnded() {
    synchronized (lock) {
      readers--;
    }
  }

  // For readers of either kind

  /** The session's own descriptor of the device, which is there until {@link #release}. */
  int device() {
    return mount.device();
  }

  /** Whether requests are to be refused from now on. */
  boolean isClosing() {
    return closing;
  }

  /** Starts a thread, which calls {@link #release} at its end. */
  boolean start(Runnable reader) {
    String name;
    synchronized (lock) {
      holders++;
      name = "inputfs-fuse-" + mount.name() + "-" + ++threadsStarted;
    }
    try {
      Thread.ofPlatform().daemon().name(name).start(reader);
      return true;
    } catch (Throwable e) {
      log().warn("No further reader for {} could be started", mountPoint(), e);
      release();
      return false;
    }
  }

  /** Somebody needs the device no longer. The last one ends the session. */
  void release() {
    synchronized (lock) {
      if (--holders > 0) {
        return;
      }
      posix.close(mount.device());
    }
    ended.countDown();
  }

  /** Logging is set up when there is something to tell: that takes longer than a mount. */
  static Logger log() {
    return LoggerFactory.getLogger(FuseSession.class);
  }
}
