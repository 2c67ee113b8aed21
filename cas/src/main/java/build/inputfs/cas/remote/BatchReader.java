package build.inputfs.cas.remote;

import build.inputfs.cas.digest.Digest;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Collection;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Queue;
import java.util.Set;
import java.util.concurrent.Callable;
import java.util.concurrent.ConcurrentLinkedQueue;

/**
 * Reads any number of small blobs: in batches, all at the same time as far as limits allow, and in
 * streams what fits in none. Answers are given on by the thread that reads. For one thread.
 */
final class BatchReader {
  private final Caller caller;
  private final BatchSink sink;

  /** What is taken of the limit, to be given back whatever happens. */
  private final Queue<Throttle.Turn> turns = new ConcurrentLinkedQueue<>();

  /** What came of a group. */
  private record Result(
      Collection<Digest> group, Map<Digest, BatchRead.Answer> answers, Throttle.Turn turn) {}

  BatchReader(Caller caller, BatchSink sink) {
    this.caller = caller;
    this.sink = sink;
  }

  void read(Collection<Digest> digests) throws IOException {
    Set<Digest> wanted = new LinkedHashSet<>();
    for (Digest digest : digests) {
      if (!digest.isEmpty()) {
        wanted.add(digest);
      } else {
        sink.content(digest, ByteBuffer.allocate(0));
      }
    }
    if (wanted.isEmpty()) {
      return;
    }
    BatchPlan plan;
    try {
      plan = plan(wanted);
    } catch (RemoteException e) {
      for (Digest digest : wanted) {
        sink.failure(digest, e.about("reading blobs/" + digest));
      }
      return;
    }
    try (Crew<Result> crew = new Crew<>("reading a batch of blobs")) {
      run(plan, crew);
    } finally {
      turns.forEach(Throttle.Turn::close);
    }
  }

  private BatchPlan plan(Set<Digest> wanted) throws IOException {
    long limit = caller.batchBytes(Failures.what("reading", wanted));
    return caller.connection().hasBatchReads()
        ? BatchPlan.of(wanted, limit)
        : new BatchPlan(List.of(), List.copyOf(wanted));
  }

  private void run(BatchPlan plan, Crew<Result> crew) throws IOException {
    plan.batches().forEach(group -> crew.start(batch(group)));
    plan.large().forEach(digest -> crew.start(stream(digest)));
    while (crew.isAtWork()) {
      Result result = crew.next();
      deliver(result.answers);
      result.turn.close();
      List<Digest> left = new ArrayList<>(result.group);
      left.removeAll(result.answers.keySet());
      left.forEach(digest -> crew.start(stream(digest)));
    }
  }

  private Callable<Result> batch(List<Digest> group) {
    return () -> {
      Throttle.Turn turn = bytes(BatchPlan.bytes(group));
      return new Result(group, new BatchRead(caller).batch(group), turn);
    };
  }

  private Callable<Result> stream(Digest digest) {
    return () -> {
      Throttle.Turn turn = bytes(digest.size());
      return new Result(List.of(digest), new BatchRead(caller).stream(digest), turn);
    };
  }

  private Throttle.Turn bytes(long wanted) throws IOException {
    Throttle.Turn turn = caller.connection().throttle().bytes(wanted);
    turns.add(turn);
    return turn;
  }

  private void deliver(Map<Digest, BatchRead.Answer> answers) throws IOException {
    for (Map.Entry<Digest, BatchRead.Answer> answer : answers.entrySet()) {
      switch (answer.getValue()) {
        case BatchRead.Content(ByteBuffer bytes) -> sink.content(answer.getKey(), bytes);
        case BatchRead.Failure(IOException cause) -> sink.failure(answer.getKey(), cause);
      }
    }
  }
}
