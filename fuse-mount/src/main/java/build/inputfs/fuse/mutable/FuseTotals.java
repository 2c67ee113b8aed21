package build.inputfs.fuse.mutable;

import build.inputfs.cas.meter.Metered;
import build.inputfs.cas.meter.Reading;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.function.Consumer;

/** What all views of a strategy have counted, those that have ended included. Thread-safe. */
final class FuseTotals implements Metered {
  private static final String REQUESTS = "requests ";

  private final Set<FuseView> open = new HashSet<>();
  private final Map<String, Long> ended = new HashMap<>();

  synchronized void began(FuseView view) {
    open.add(view);
  }

  /** The view counts no more. */
  synchronized void ended(FuseView view) {
    if (open.remove(view)) {
      add(view.counters(), ended);
    }
  }

  private static void add(Map<String, Long> counters, Map<String, Long> to) {
    counters.forEach((name, count) -> to.merge(name, count, Long::sum));
  }

  @Override
  public void meter(Consumer<Reading> to) {
    Map<String, Long> all;
    synchronized (this) {
      all = new TreeMap<>(ended);
      open.forEach(view -> add(view.counters(), all));
    }
    Reading request = Reading.counter("fuse_requests", "Requests of the kernel, by kind", 0);
    all.forEach(
        (name, count) -> {
          if (name.startsWith(REQUESTS)) {
            String kind = name.substring(REQUESTS.length());
            to.accept(request.with("mount", "view").with("kind", kind).plus(count));
          }
        });
    to.accept(
        Reading.counter(
            "view_private_copies",
            "Inputs that fuse views made copies of, to be written",
            all.getOrDefault(FuseView.PRIVATE_COPIES, 0L)));
    to.accept(
        Reading.counter(
            "view_private_copy_bytes",
            "Size of those copies",
            all.getOrDefault(FuseView.PRIVATE_COPY_BYTES, 0L)));
  }
}
