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
import java.util.concurrent.CompletionService;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorCompletionService;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;

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
      BatchRead none = new BatchRead(caller);
      for (Digest digest : wanted) {
        sink.failure(digest, none.about(digest, e));
      }
      return;
    }
    try (ExecutorService executor = Executors.newVirtualThreadPerTaskExecutor()) {
      try {
        run(plan, new ExecutorCompletionService<>(executor));
      } finally {
        executor.shutdownNow();
      }
    } finally {
      turns.forEach(Throttle.Turn::close);
    }
  }

  private BatchPlan plan(Set<Digest> wanted) throws IOException {
    long limit = caller.batchBytes();
    return caller.connection().hasBatchReads()
        ? BatchPlan.of(wanted, limit)
        : new BatchPlan(List.of(), List.copyOf(wanted));
  }

  private void run(BatchPlan plan, CompletionService<Result> tasks) throws IOException {
    int open = 0;
    for (List<Digest> group : plan.batches()) {
      tasks.submit(batch(group));
      open++;
    }
    for (Digest digest : plan.large()) {
      tasks.submit(stream(digest));
      open++;
    }
    for (; open > 0; open--) {
      Result result = take(tasks);
      deliver(result.answers);
      result.turn.close();
      List<Digest> left = new ArrayList<>(result.group);
      left.removeAll(result.answers.keySet());
      for (Digest digest : left) {
        tasks.submit(stream(digest));
        open++;
      }
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

  private static Result take(CompletionService<Result> tasks) throws IOException {
    try {
      return tasks.take().get();
    } catch (InterruptedException e) {
      throw Failures.interrupted("reading a batch of blobs");
    } catch (ExecutionException e) {
      if (e.getCause() instanceof IOException cause) {
        throw cause;
      }
      throw new IllegalStateException(e.getCause());
    }
  }
}
