package build.inputfs.fuse.jnr;

import build.inputfs.cas.posix.Errnos;
import build.inputfs.cas.posix.Posix;
import build.inputfs.fuse.mount.MountException;
import build.inputfs.fuse.vfs.FileSystem;
import build.inputfs.fuse.vfs.Mounted;
import com.kenai.jffi.Closure;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.LongAdder;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A mounted filesystem: the library's mount, and the threads that serve it. It lives until {@link
 * #close} or until somebody else unmounts it; either way all is given back once, by the last thread
 * that ends.
 *
 * <p>It is served by {@link ServingThreads}. The library's own threads would each attach to the JVM
 * and leave it again at every call.
 *
 * <p>Any thread may call any method, but for one that is serving a call. Nothing in this JVM may
 * touch a path under the mount.
 */
public final class JnrMount implements Mounted {
  private static final int F_SETFD = 2;
  private static final int FD_CLOEXEC = 1;
  private static final Duration START_LIMIT = Duration.ofSeconds(20);
  private static final Duration END_LIMIT = Duration.ofSeconds(30);

  /** How long {@link #close} waits for threads that only wait for calls. */
  private static final Duration GRACE = Duration.ofSeconds(1);

  private final Platform platform;
  private final Libfuse libfuse;
  private final Path path;
  private final int maxThreads;
  private final Operations operations;
  private final Callbacks callbacks;
  private final Map<Callback, LongAdder> counts = new EnumMap<>(Callback.class);
  private final AtomicInteger busy = new AtomicInteger();
  private final CountDownLatch begun = new CountDownLatch(1);
  private final CountDownLatch ended = new CountDownLatch(1);

  // Set before the first thread starts.
  private long channel;
  private long fuse;
  private volatile long identity;

  private volatile boolean closing;

  private JnrMount(
      Platform platform, Libfuse libfuse, FileSystem fs, Path path, JnrOptions options) {
    this.platform = platform;
    this.libfuse = libfuse;
    this.path = path;
    this.maxThreads = options.threads();
    this.operations =
        new Operations(
            fs,
            new PathTree(fs, options.remembered(), options.ignoringCase()),
            new SharedNames(options.attributes()));
    this.callbacks = new Callbacks(this::serve);
    for (Callback callback : Callback.values()) {
      counts.put(callback, new LongAdder());
    }
  }

  /**
   * Mounts {@code fs} and starts to serve it. When this returns the kernel has spoken with the
   * library; when it throws nothing is left behind.
   */
  static JnrMount mount(
      Posix posix,
      Platform platform,
      Libfuse libfuse,
      FileSystem fs,
      Path mountPoint,
      JnrOptions options)
      throws MountException {
    Path path = platform.check(mountPoint);
    JnrMount made = new JnrMount(platform, libfuse, fs, path, options);
    List<String> words = new ArrayList<>(options.libraryOptions());
    words.addAll(platform.mountOptions(options, path));
    try (Libfuse.Arguments arguments =
        libfuse.new Arguments("inputfs", "-o", String.join(",", words))) {
      made.channel = libfuse.mount(path.toString(), arguments);
      if (made.channel == 0) {
        throw new MountException(
            "libfuse could not mount on " + path + "; what it printed on stderr says why");
      }
      posix.fcntl(libfuse.descriptor(made.channel), F_SETFD, FD_CLOEXEC);
      made.fuse =
          libfuse.create(made.channel, arguments, made.callbacks.address(), Callback.STRUCT_SIZE);
      if (made.fuse == 0) {
        libfuse.unmount(path.toString(), made.channel);
        throw new MountException("libfuse refuses the options " + words);
      }
    } catch (MountException e) {
      made.callbacks.close();
      throw e;
    }
    made.begin();
    return made;
  }

  private void begin() throws MountException {
    MountException problem = null;
    try {
      identity = platform.identity(path);
    } catch (MountException e) {
      problem = e;
    }
    ServingThreads threads =
        new ServingThreads(
            "inputfs-fuse-" + path.getFileName(),
            maxThreads,
            libfuse,
            libfuse.session(fuse),
            channel,
            this::giveBack);
    if (!threads.start()) {
      giveBack();
      throw new MountException("no thread could be started to serve " + path);
    }
    if (problem == null && !await(begun, START_LIMIT)) {
      problem =
          new MountException(
              "the kernel did not speak to the mount on %s within %d s"
                  .formatted(path, START_LIMIT.toSeconds()));
    }
    if (problem != null) {
      try {
        close();
      } catch (IOException e) {
        problem.addSuppressed(e);
      }
      throw problem;
    }
  }

  private static boolean await(CountDownLatch latch, Duration limit) {
    boolean interrupted = false;
    long end = System.nanoTime() + limit.toNanos();
    try {
      while (true) {
        try {
          return latch.await(end - System.nanoTime(), TimeUnit.NANOSECONDS);
        } catch (InterruptedException e) {
          interrupted = true;
        }
      }
    } finally {
      if (interrupted) {
        Thread.currentThread().interrupt();
      }
    }
  }

  /** By the last thread: the library closes the device, and unmounts if nobody has. */
  private void giveBack() {
    closing = true;
    try {
      libfuse.unmount(path.toString(), channel);
      libfuse.destroy(fuse);
    } finally {
      callbacks.close();
      ended.countDown();
    }
  }

  /** Called by the library, on a thread of ours. Whatever fails is answered with EIO. */
  private void serve(Callback callback, Closure.Buffer arguments) {
    busy.incrementAndGet();
    int result = -Errnos.EIO;
    try {
      adder(callback).increment();
      if (callback == Callback.INIT) {
        begun.countDown();
        arguments.setAddressReturn(0);
        return;
      }
      Work work = ServingThreads.work();
      result =
          closing || work == null ? -Errnos.ENOTCONN : operations.serve(callback, arguments, work);
    } catch (Throwable e) {
      log().error("{} failed in {} and is answered with EIO", callback, path, e);
    } finally {
      busy.decrementAndGet();
    }
    arguments.setIntReturn(result);
  }

  private LongAdder adder(Callback callback) {
    return Objects.requireNonNull(counts.get(callback), "all have one");
  }

  // For the owner

  /** Where it is mounted: an absolute path without symlinks. */
  public Path mountPoint() {
    return path;
  }

  @Override
  public String mechanism() {
    int version = libfuse.version();
    return "jnr transport, libfuse %d.%d, through the page cache"
        .formatted(version / 10, version % 10);
  }

  @Override
  public Map<String, Long> requests() {
    Map<String, Long> requests = new LinkedHashMap<>();
    for (Callback callback : Callback.values()) {
      long count = adder(callback).sum();
      if (count > 0) {
        requests.put(callback.name().toLowerCase(Locale.ROOT), count);
      }
    }
    return requests;
  }

  /** Does nothing: the library has no way to tell the kernel of a path. */
  @Override
  public void forgetName(long parent, byte[] name) {}

  @Override
  public void awaitUnmounted() throws InterruptedException {
    ended.await();
  }

  @Override
  public void close() throws IOException {
    if (ended.getCount() == 0) {
      return;
    }
    platform.unmount(path, identity);
    closing = true;
    if (!await(ended, GRACE) && !awaitIdle()) {
      throw new IOException(
          "%s is unmounted, but a request is still being served after %d s"
              .formatted(path, END_LIMIT.toSeconds()));
    }
  }

  /**
   * Waits until all threads have ended, or none serves a call: where a process holds on to an
   * unmounted filesystem, and this one may not force it to let go, they end with that process.
   */
  private boolean awaitIdle() {
    long end = System.nanoTime() + END_LIMIT.toNanos();
    while (System.nanoTime() < end) {
      if (await(ended, Duration.ofMillis(20)) || busy.get() == 0) {
        return true;
      }
    }
    return false;
  }

  private static Logger log() {
    return LoggerFactory.getLogger(JnrMount.class);
  }
}
