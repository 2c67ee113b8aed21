package build.inputfs.cas.fetch;

import java.util.ArrayList;
import java.util.EnumMap;
import java.util.Iterator;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Decides which blobs are asked for next, and which of them together. It makes no calls itself and
 * waits for nothing. Thread-safe.
 *
 * <p>What is demanded goes first, and always finds calls that prefetching has left free. A small
 * blob that is demanded while no other is under way goes at once, alone if need be: whoever reads
 * one file after the other never waits for a batch. While one is under way those that come wait for
 * each other, as long as the window is: many readers at once go together. Larger blobs have a call
 * each.
 */
final class Schedule {
  /** What a blob takes in an answer beside its content, in bytes: its digest and status. */
  private static final int OVERHEAD = 128;

  /** How much of a large blob is on its way at a time, about, in bytes. */
  private static final long STREAM = 4L << 20;

  /** Blobs that go together, or a large one. */
  static final class Batch {
    final List<Fetch> fetches;
    final boolean large;
    final boolean demanded;
    private final long cost;

    private Batch(List<Fetch> fetches, boolean large, boolean demanded, long cost) {
      this.fetches = fetches;
      this.large = large;
      this.demanded = demanded;
      this.cost = cost;
    }
  }

  private final FetchOptions options;

  // Guarded by this.
  private final Map<Urgency, Set<Fetch>> small = new EnumMap<>(Urgency.class);
  private final Map<Urgency, Set<Fetch>> large = new EnumMap<>(Urgency.class);
  private long demandedBytes;
  private long windowStart;
  private boolean windowOpen;
  private int calls;
  private long bytes;
  private int demandedCalls;
  private int demandedBatches;
  private int backgroundCalls;
  private long backgroundBytes;

  Schedule(FetchOptions options) {
    this.options = options;
    for (Urgency urgency : Urgency.values()) {
      small.put(urgency, new LinkedHashSet<>());
      large.put(urgency, new LinkedHashSet<>());
    }
  }

  private static long cost(Fetch fetch) {
    return fetch.digest().size() + OVERHEAD;
  }

  /** Whether a blob has a call of its own. */
  boolean isLarge(Fetch fetch) {
    return cost(fetch) > options.batchBytes();
  }

  private Set<Fetch> queue(Fetch fetch, Urgency urgency) {
    return (isLarge(fetch) ? large : small).getOrDefault(urgency, Set.of());
  }

  /** Adds a blob. */
  synchronized void add(Fetch fetch, Urgency urgency, long now) {
    if (queue(fetch, urgency).add(fetch) && urgency == Urgency.DEMANDED && !isLarge(fetch)) {
      if (demandedBytes == 0) {
        windowStart = now;
      }
      demandedBytes += cost(fetch);
    }
  }

  /** A blob that waits for its turn is wanted sooner; others stay as they are. */
  synchronized void hurry(Fetch fetch, Urgency urgency, long now) {
    for (Urgency later : Urgency.values()) {
      if (later.compareTo(urgency) > 0 && queue(fetch, later).remove(fetch)) {
        add(fetch, urgency, now);
      }
    }
  }

  /** A blob has come in another way. */
  synchronized void remove(Fetch fetch) {
    for (Urgency urgency : Urgency.values()) {
      if (queue(fetch, urgency).remove(fetch) && urgency == Urgency.DEMANDED && !isLarge(fetch)) {
        demandedBytes -= cost(fetch);
      }
    }
  }

  /** Takes all that waits for its turn. */
  synchronized List<Fetch> clear() {
    List<Fetch> all = new ArrayList<>();
    for (Urgency urgency : Urgency.values()) {
      for (Map<Urgency, Set<Fetch>> queues : List.of(small, large)) {
        Set<Fetch> queue = queues.getOrDefault(urgency, Set.of());
        all.addAll(queue);
        queue.clear();
      }
    }
    demandedBytes = 0;
    return all;
  }

  /**
   * What is to be asked for now, or null: then the caller comes again when a call is {@link #done},
   * a blob was added, or {@link #opensWindow} said so.
   */
  synchronized @Nullable Batch next(long now) {
    Batch demanded = nextDemanded(now);
    if (demanded != null) {
      demandedCalls++;
      demandedBatches += demanded.large ? 0 : 1;
      return begin(demanded);
    }
    Batch background = nextBackground();
    if (background != null) {
      backgroundCalls++;
      backgroundBytes += background.cost;
      return begin(background);
    }
    return null;
  }

  /** Whether the caller is to come again after the window, which nobody else does. */
  synchronized boolean opensWindow() {
    boolean opens = !windowOpen && demandedBytes > 0 && calls < options.calls();
    windowOpen |= opens;
    return opens;
  }

  /** The window is over. */
  synchronized void windowEnds() {
    windowOpen = false;
  }

  /** A call has ended. */
  synchronized void done(Batch batch) {
    calls--;
    bytes -= batch.cost;
    if (batch.demanded) {
      demandedCalls--;
      demandedBatches -= batch.large ? 0 : 1;
    } else {
      backgroundCalls--;
      backgroundBytes -= batch.cost;
    }
  }

  private Batch begin(Batch batch) {
    calls++;
    bytes += batch.cost;
    return batch;
  }

  private @Nullable Batch nextDemanded(long now) {
    if (calls >= options.calls()) {
      return null;
    }
    boolean ripe =
        demandedBatches == 0
            || demandedBytes >= options.batchBytes()
            || now - windowStart >= options.window().toNanos();
    Batch batch = ripe ? take(Urgency.DEMANDED, false, options.bytes() - bytes) : null;
    return batch != null ? batch : take(Urgency.DEMANDED, true, options.bytes() - bytes);
  }

  private @Nullable Batch nextBackground() {
    boolean quiet = demandedCalls == 0 && demandedBytes == 0;
    int most = quiet ? options.calls() / 2 : Math.max(1, options.calls() / 8);
    if (backgroundCalls >= most) {
      return null;
    }
    long limit = quiet ? options.backgroundBytes() : options.backgroundBytes() / 8;
    long room = Math.min(limit - backgroundBytes, options.bytes() - bytes);
    for (Urgency urgency : List.of(Urgency.SOON, Urgency.LATER)) {
      Batch batch = take(urgency, false, room);
      batch = batch != null ? batch : take(urgency, true, room);
      if (batch != null) {
        return batch;
      }
    }
    return null;
  }

  /** Takes what goes together from the front of a queue; null when there is none or no room. */
  private @Nullable Batch take(Urgency urgency, boolean ofLarge, long room) {
    Set<Fetch> queue = (ofLarge ? large : small).getOrDefault(urgency, Set.of());
    boolean demanded = urgency == Urgency.DEMANDED;
    boolean nothingElse = demanded ? bytes == 0 : backgroundBytes == 0;
    List<Fetch> taken = new ArrayList<>();
    long sum = 0;
    Iterator<Fetch> waiting = queue.iterator();
    while (waiting.hasNext() && (taken.isEmpty() || !ofLarge)) {
      Fetch fetch = waiting.next();
      long cost = ofLarge ? Math.min(cost(fetch), STREAM) : cost(fetch);
      boolean fits = sum + cost <= room || (taken.isEmpty() && nothingElse);
      if (!fits || (!taken.isEmpty() && sum + cost > options.batchBytes())) {
        break;
      }
      waiting.remove();
      taken.add(fetch);
      sum += cost;
    }
    if (demanded && !ofLarge) {
      demandedBytes -= sum;
    }
    return taken.isEmpty() ? null : new Batch(taken, ofLarge, demanded, sum);
  }
}
