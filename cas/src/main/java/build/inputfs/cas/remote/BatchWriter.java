package build.inputfs.cas.remote;

import build.inputfs.cas.digest.Digest;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.Callable;

/**
 * Sends any number of blobs: in batches, all at the same time as far as limits allow, and in
 * streams what fits in none. For one thread.
 */
final class BatchWriter {
  private final Caller caller;
  private final ContentSource source;
  private final Map<Digest, IOException> failures = new LinkedHashMap<>();

  /** What came of a group. */
  private record Result(Collection<Digest> group, Map<Digest, BatchWrite.Answer> answers) {}

  BatchWriter(Caller caller, ContentSource source) {
    this.caller = caller;
    this.source = source;
  }

  /** Sends the blobs, and tells which could not be sent. */
  Map<Digest, IOException> write(Collection<Digest> digests) throws IOException {
    Set<Digest> wanted = new LinkedHashSet<>(digests);
    wanted.removeIf(Digest::isEmpty);
    if (wanted.isEmpty()) {
      return Map.of();
    }
    long limit = caller.batchBytes(Failures.what("sending", wanted));
    BatchPlan plan =
        caller.connection().hasBatchUpdates()
            ? BatchPlan.of(wanted, limit)
            : new BatchPlan(List.of(), List.copyOf(wanted));
    try (Crew<Result> crew = new Crew<>("sending blobs")) {
      plan.batches().forEach(group -> crew.start(batch(group)));
      plan.large().forEach(digest -> crew.start(stream(digest)));
      while (crew.isAtWork()) {
        Result result = crew.next();
        note(result.answers);
        List<Digest> left = new ArrayList<>(result.group);
        left.removeAll(result.answers.keySet());
        left.forEach(digest -> crew.start(stream(digest)));
      }
    }
    return failures;
  }

  private Callable<Result> batch(List<Digest> group) {
    return () -> {
      try (Throttle.Turn _ = caller.connection().throttle().bytes(BatchPlan.bytes(group))) {
        return new Result(group, new BatchWrite(caller, source).batch(group));
      }
    };
  }

  private Callable<Result> stream(Digest digest) {
    return () -> new Result(List.of(digest), new BatchWrite(caller, source).stream(digest));
  }

  private void note(Map<Digest, BatchWrite.Answer> answers) {
    answers.forEach(
        (digest, answer) -> {
          switch (answer) {
            case BatchWrite.Sent _ -> {}
            case BatchWrite.Failure(IOException cause) -> failures.put(digest, cause);
          }
        });
  }
}
