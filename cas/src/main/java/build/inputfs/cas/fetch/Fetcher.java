package build.inputfs.cas.fetch;

import build.inputfs.cas.digest.Digest;
import build.inputfs.cas.meter.Metered;
import build.inputfs.cas.meter.Reading;
import build.inputfs.cas.remote.BatchSink;
import build.inputfs.cas.remote.RemoteBlobs;
import build.inputfs.cas.store.IncomingBlob;
import build.inputfs.cas.store.LocalStore;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Collection;
import java.util.Set;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentMap;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.LongAdder;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * Brings blobs from a remote into a local store, each once for all who want it. Thread-safe.
 *
 * <p>Calls are made by virtual threads of its own, in the order that {@link Schedule} gives;
 * whoever wants a blob waits for its {@link Fetch}, and may stop waiting without harm to others. A
 * blob that has come and is right can be read at once. It is put into the store after that, by a
 * few threads, since it must be on the disk first. Nothing is remembered of what has failed:
 * whoever asks again has it tried again.
 */
final class Fetcher implements Metered, AutoCloseable {
  /** As many files are flushed at the same time: the disk joins what comes together. */
  private static final int PUBLISHERS = 16;

  /** How many blobs may wait to be put into the store before those who bring them have to help. */
  private static final int MOST_UNPUBLISHED = 4096;

  private static final long CLOSE_SECONDS = 30;

  private final LocalStore store;
  private final RemoteBlobs remote;
  private final String place;
  private final FetchOptions options;
  private final Schedule schedule;
  private final ConcurrentMap<Digest, Fetch> inFlight = new ConcurrentHashMap<>();
  private final Set<Thread> threads = ConcurrentHashMap.newKeySet();
  private final ThreadPoolExecutor publishers;
  private final LongAdder demanded = new LongAdder();
  private final LongAdder background = new LongAdder();
  private final LongAdder fetchedBlobs = new LongAdder();
  private final LongAdder fetchedBytes = new LongAdder();
  private final LongAdder batches = new LongAdder();
  private final LongAdder streams = new LongAdder();
  private final LongAdder failures = new LongAdder();
  private volatile boolean closed;

  Fetcher(LocalStore store, RemoteBlobs remote, FetchOptions options) {
    this.store = store;
    this.remote = remote;
    this.place = remote.name();
    this.options = options;
    this.schedule = new Schedule(options);
    this.publishers =
        new ThreadPoolExecutor(
            PUBLISHERS,
            PUBLISHERS,
            1,
            TimeUnit.SECONDS,
            new ArrayBlockingQueue<>(MOST_UNPUBLISHED),
            Thread.ofPlatform().daemon().name("publish-", 1).factory(),
            new ThreadPoolExecutor.CallerRunsPolicy());
    publishers.allowCoreThreadTimeOut(true);
  }

  /** The blob on its way, or null when nobody wants it, or it is in the store. */
  @Nullable Fetch find(Digest digest) {
    return inFlight.get(digest);
  }

  /** The blob, which is not in the store as far as the caller knows, on its way. */
  Fetch fetch(Digest digest, Urgency urgency) {
    Fetch fetch = begin(digest, urgency);
    pump();
    return fetch;
  }

  /** Somebody waits for a blob that is on its way. */
  void hurry(Fetch fetch) {
    schedule.hurry(fetch, Urgency.DEMANDED, System.nanoTime());
    pump();
  }

  /** Has all of these fetched that are not in the store. */
  void fetchAll(Collection<Digest> digests, Urgency urgency, Consumer<Fetch> each) {
    for (Digest digest : digests) {
      if (find(digest) != null || !store.contains(digest)) {
        each.accept(begin(digest, urgency));
      }
    }
    pump();
  }

  private Fetch begin(Digest digest, Urgency urgency) {
    Fetch mine = new Fetch(digest, place);
    Fetch known = inFlight.putIfAbsent(digest, mine);
    if (known != null) {
      schedule.hurry(known, urgency, System.nanoTime());
      return known;
    }
    (urgency == Urgency.DEMANDED ? demanded : background).increment();
    if (store.contains(digest)) {
      end(mine); // it was put since the caller looked
    } else {
      schedule.add(mine, urgency, System.nanoTime());
      if (closed) {
        failAll();
      }
    }
    return mine;
  }

  /** The content of a small blob, when it is whole. */
  byte[] content(Fetch fetch) throws IOException {
    return content(fetch, options.patience());
  }

  /** The same for who waits for another time. */
  byte[] content(Fetch fetch, Duration patience) throws IOException {
    Path file = fetch.awaitWhole(patience).file();
    if (file != null) {
      try {
        return Files.readAllBytes(file);
      } catch (NoSuchFileException e) {
        // It has just been moved to its place.
      }
    }
    return store.read(fetch.digest(), Integer.MAX_VALUE);
  }

  /**
   * Takes a blob that has come without being asked for by name.
   *
   * @return whether it was new
   */
  boolean deliver(Digest digest, ByteBuffer content) {
    Fetch before = find(digest);
    if (before != null ? before.isWhole() : store.contains(digest)) {
      return false;
    }
    Fetch fetch = new Fetch(digest, place);
    Fetch known = inFlight.putIfAbsent(digest, fetch);
    fetch = known == null ? fetch : known;
    schedule.remove(fetch);
    receive(fetch, content);
    return true;
  }

  /** Makes all calls whose turn it is. */
  private void pump() {
    while (true) {
      Schedule.Batch batch = schedule.next(System.nanoTime());
      if (batch == null) {
        break;
      }
      start(() -> call(batch));
    }
    if (schedule.opensWindow()) {
      start(this::awaitWindow);
    }
  }

  /** Runs {@code work} on a thread of its own, which is interrupted when this closes. */
  void start(Runnable work) {
    Thread thread =
        Thread.ofVirtual()
            .name("fetch")
            .unstarted(
                () -> {
                  try {
                    work.run();
                  } finally {
                    threads.remove(Thread.currentThread());
                  }
                });
    threads.add(thread);
    thread.start();
    if (closed) {
      thread.interrupt();
    }
  }

  /** Runs short work on a thread of its own, which is waited for when this closes. */
  void finish(Runnable work) {
    publishers.execute(work);
  }

  private void awaitWindow() {
    try {
      Thread.sleep(options.window());
    } catch (InterruptedException e) {
      return; // this is closed
    } finally {
      schedule.windowEnds();
    }
    pump();
  }

  private void call(Schedule.Batch batch) {
    try {
      if (batch.large) {
        batch.fetches.forEach(this::stream);
      } else {
        readBatch(batch);
      }
    } finally {
      schedule.done(batch);
      pump();
    }
  }

  private void readBatch(Schedule.Batch batch) {
    batches.increment();
    IOException failure = null;
    try {
      remote.readBatch(
          batch.fetches.stream().map(Fetch::digest).toList(),
          new BatchSink() {
            @Override
            public void content(Digest digest, ByteBuffer content) {
              Fetch fetch = find(digest);
              if (fetch != null) {
                receive(fetch, content);
              }
            }

            @Override
            public void failure(Digest digest, IOException cause) {
              Fetch fetch = find(digest);
              if (fetch != null && fetch.claim()) {
                fail(fetch, cause);
              }
            }
          });
    } catch (IOException e) {
      failure = e;
    } catch (RuntimeException e) {
      failure = new IOException("a batch could not be read: " + e, e);
    }
    for (Fetch fetch : batch.fetches) {
      if (fetch.claim()) {
        fail(
            fetch,
            failure != null
                ? failure
                : new IOException("the remote does not answer for blobs/" + fetch.digest()));
      }
    }
  }

  /** Takes the whole content of a blob, unless somebody else brings it. */
  private void receive(Fetch fetch, ByteBuffer content) {
    if (!fetch.claim()) {
      return;
    }
    IncomingBlob incoming = null;
    try {
      incoming = store.receive(fetch.digest());
      incoming.write(content);
      finish(fetch, incoming);
    } catch (IOException | RuntimeException e) {
      abandon(fetch, incoming, e);
    }
  }

  private void stream(Fetch fetch) {
    if (!fetch.claim()) {
      return;
    }
    streams.increment();
    IncomingBlob incoming = null;
    try {
      incoming = store.receive(fetch.digest());
      IncomingBlob blob = incoming;
      long last = fetch.digest().size() - 1; // given out when all of it has proved right
      Pace pace = new Pace(options.patience(), 0);
      remote.readUnverified(
          fetch.digest(),
          chunk -> {
            blob.write(chunk);
            fetch.arrived(blob.file(), Math.min(blob.written(), last));
            if (pace.left(blob.written()) <= 0) {
              throw pace.tooSlow(place, "blobs/" + fetch.digest());
            }
          });
      finish(fetch, incoming);
    } catch (IOException | RuntimeException e) {
      abandon(fetch, incoming, e);
    }
  }

  /** All of a blob has been written: it can be read if it is right, and goes into the store. */
  private void finish(Fetch fetch, IncomingBlob incoming) throws IOException {
    incoming.verify();
    fetchedBlobs.increment();
    fetchedBytes.add(fetch.digest().size());
    fetch.whole(incoming.file());
    publishers.execute(() -> publish(fetch, incoming));
  }

  private void publish(Fetch fetch, IncomingBlob incoming) {
    try (incoming) {
      incoming.publish();
      end(fetch);
    } catch (IOException | RuntimeException e) {
      fail(fetch, asFailure(fetch, e));
    }
  }

  private void abandon(Fetch fetch, @Nullable IncomingBlob incoming, Exception cause) {
    try {
      if (incoming != null) {
        incoming.close();
      }
    } catch (IOException e) {
      cause.addSuppressed(e);
    }
    fail(fetch, asFailure(fetch, cause));
  }

  private static IOException asFailure(Fetch fetch, Exception cause) {
    return cause instanceof IOException failure
        ? failure
        : new IOException(
            "blobs/%s could not be fetched: %s".formatted(fetch.digest(), cause), cause);
  }

  private void fail(Fetch fetch, IOException cause) {
    failures.increment();
    inFlight.remove(fetch.digest(), fetch);
    fetch.failed(cause);
  }

  private void end(Fetch fetch) {
    inFlight.remove(fetch.digest(), fetch);
    fetch.published();
  }

  private void failAll() {
    for (Fetch fetch : schedule.clear()) {
      if (fetch.claim()) {
        fail(fetch, new IOException("blobs/" + fetch.digest() + " is not fetched: closing"));
      }
    }
  }

  @Override
  public void meter(Consumer<Reading> to) {
    Reading wanted =
        Reading.counter("fetch_wanted", "Blobs that were wanted from the remote, by why", 0);
    to.accept(wanted.with("why", "demand").plus(demanded.sum()));
    to.accept(wanted.with("why", "prefetch").plus(background.sum()));
    to.accept(
        Reading.counter("fetch_blobs", "Blobs that came from the remote", fetchedBlobs.sum()));
    to.accept(Reading.counter("fetch_bytes", "Their size", fetchedBytes.sum()));
    Reading calls = Reading.counter("fetch_calls", "Calls made to read blobs, by kind", 0);
    to.accept(calls.with("kind", "batch").plus(batches.sum()));
    to.accept(calls.with("kind", "stream").plus(streams.sum()));
    to.accept(Reading.counter("fetch_failures", "Blobs that could not be had", failures.sum()));
    to.accept(Reading.gauge("fetch_in_flight", "Blobs that are on their way", inFlight.size()));
  }

  /**
   * Ends all calls; whoever waits for what has not come is told so. What has come is put into the
   * store before this returns.
   */
  @Override
  public void close() {
    closed = true;
    failAll();
    threads.forEach(Thread::interrupt);
    boolean interrupted = false;
    long start = System.nanoTime();
    for (Thread thread : threads) {
      try {
        var _ = thread.join(Duration.ofSeconds(CLOSE_SECONDS));
      } catch (InterruptedException e) {
        interrupted = true;
      }
    }
    publishers.shutdown();
    while (!publishers.isTerminated()
        && System.nanoTime() - start < TimeUnit.SECONDS.toNanos(CLOSE_SECONDS)) {
      try {
        var _ = publishers.awaitTermination(1, TimeUnit.SECONDS);
      } catch (InterruptedException e) {
        interrupted = true;
      }
    }
    if (interrupted) {
      Thread.currentThread().interrupt();
    }
  }
}
