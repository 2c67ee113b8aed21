package build.inputfs.cas.remote;

import build.inputfs.cas.meter.Reading;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.LongAdder;
import java.util.function.Consumer;

/** What a remote was asked, and how much came and went. Thread-safe. */
final class RemoteCounts {
  private final Map<String, LongAdder> calls = new ConcurrentHashMap<>();
  private final LongAdder retries = new LongAdder();
  private final LongAdder received = new LongAdder();
  private final LongAdder sent = new LongAdder();

  void call(String method) {
    calls.computeIfAbsent(method, _ -> new LongAdder()).increment();
  }

  void retry() {
    retries.increment();
  }

  void received(long bytes) {
    received.add(bytes);
  }

  void sent(long bytes) {
    sent.add(bytes);
  }

  void meter(Consumer<Reading> to) {
    calls.forEach(
        (method, count) ->
            to.accept(
                Reading.counter("remote_calls", "Calls of the remote", count.sum())
                    .with("method", method)));
    to.accept(
        Reading.counter("remote_retries", "Attempts beyond an operation's first", retries.sum()));
    to.accept(
        Reading.counter(
            "remote_received_bytes", "Content that came, not compressed", received.sum()));
    to.accept(
        Reading.counter("remote_sent_bytes", "Content that was sent, not compressed", sent.sum()));
  }
}
