package build.inputfs.cas.fetch;

import build.inputfs.cas.digest.Digest;
import build.inputfs.cas.digest.InvalidDigestException;
import build.inputfs.cas.meter.Metered;
import build.inputfs.cas.meter.Reading;
import build.inputfs.cas.proto.Digests;
import build.inputfs.cas.proto.Directory;
import build.inputfs.cas.proto.DirectoryNode;
import build.inputfs.cas.remote.RemoteBlobs;
import build.inputfs.cas.remote.RemoteException;
import build.inputfs.cas.store.MissingBlobException;
import com.github.benmanes.caffeine.cache.Cache;
import com.github.benmanes.caffeine.cache.Caffeine;
import com.google.protobuf.InvalidProtocolBufferException;
import java.io.IOException;
import java.io.InterruptedIOException;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.atomic.LongAdder;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * Fetches the directories of trees: a whole tree by one call where that pays, else level by level,
 * all directories of a level together. Thread-safe.
 *
 * <p>A directory that is wanted, is not in the store and belongs to no tree that is being fetched,
 * is taken for the root of an unknown one, which is asked for whole. If most of what comes first is
 * here already, the call is given up: few directories are new then. From then on, as also where the
 * call leaves something out, each directory that comes has its own directories fetched before
 * anybody asks.
 */
final class TreeFetches implements Metered {
  /** How many trees' directories are remembered to belong to a tree that is or was fetched. */
  private static final int MOST_MEMBERS = 1 << 18;

  private static final Duration REMEMBERED = Duration.ofMinutes(5);

  /** After so many directories it is known whether a tree is mostly here. */
  private static final int SAMPLE = 64;

  /** How much of a tree may come before the directories that it belongs to. */
  private static final long MOST_EARLY_BYTES = 16L << 20;

  /** A tree that is fetched by one call, or was. */
  private static final class TreeCall {
    final ReentrantLock lock = new ReentrantLock();
    final Condition changed = lock.newCondition();
    // Guarded by the lock.
    final Set<Digest> taken = new HashSet<>();
    boolean done;
    @Nullable IOException failure;
  }

  /** Says to a call that no more is wanted. */
  private static final class Enough extends IOException {
    Enough(String why) {
      super(why);
    }
  }

  private final Fetcher fetcher;
  private final RemoteBlobs remote;
  private final Duration patience;
  private final Cache<Digest, TreeCall> members =
      Caffeine.newBuilder()
          .maximumSize(MOST_MEMBERS)
          .expireAfterWrite(REMEMBERED)
          .executor(Runnable::run)
          .build();
  private final LongAdder calls = new LongAdder();
  private final LongAdder abandoned = new LongAdder();
  private final LongAdder directories = new LongAdder();

  TreeFetches(Fetcher fetcher, RemoteBlobs remote, Duration patience) {
    this.fetcher = fetcher;
    this.remote = remote;
    this.patience = patience;
  }

  /**
   * The message of a directory that is not in the store.
   *
   * @throws IOException when it cannot be had
   */
  byte[] read(Digest directory) throws IOException {
    Fetch known = fetcher.find(directory);
    if (known != null && known.isWhole()) {
      byte[] content = fetcher.content(known);
      TreeCall call = members.getIfPresent(directory);
      if (call != null) {
        var _ = members(content, call);
      }
      return content;
    }
    TreeCall mine = new TreeCall();
    TreeCall call = members.get(directory, digest -> mine);
    if (call == mine) {
      fetcher.start(() -> read(directory, mine));
    }
    await(call, directory);
    Fetch fetch = fetcher.fetch(directory, Urgency.DEMANDED);
    boolean came = fetch.isWhole();
    byte[] content = fetcher.content(fetch, patience.dividedBy(2));
    List<Digest> children = members(content, call);
    if (!came && !children.isEmpty()) {
      fetcher.start(() -> levels(children, call));
    }
    return content;
  }

  /** The directories in a directory, which belong to the same tree as that. */
  private List<Digest> members(byte[] content, TreeCall call) {
    List<Digest> children = children(ByteBuffer.wrap(content));
    for (Digest child : children) {
      members.asMap().putIfAbsent(child, call);
    }
    return children;
  }

  /**
   * Waits until a call brings a directory, or has ended without it; no longer than half of the
   * patience, as a call may bring all others first. Who waits asks for the very directory then.
   */
  private void await(TreeCall call, Digest directory) throws IOException {
    long left = patience.toNanos() / 2;
    call.lock.lock();
    try {
      while (!call.done && !call.taken.contains(directory) && left > 0) {
        left = call.changed.awaitNanos(left);
      }
      if (call.failure instanceof RemoteException failure) {
        throw failure.about("reading blobs/" + directory);
      }
      if (call.failure != null) {
        throw call.failure;
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new InterruptedIOException("interrupted while waiting for blobs/" + directory);
    } finally {
      call.lock.unlock();
    }
  }

  private void read(Digest root, TreeCall call) {
    calls.increment();
    IOException failure = null;
    try {
      Taking taking = new Taking(root, call);
      remote.tree(root, taking::take);
    } catch (Enough e) {
      abandoned.increment();
    } catch (IOException e) {
      failure = mayDoBetter(e) ? null : e;
    } catch (RuntimeException e) {
      failure = new IOException("the tree of blobs/%s could not be read: %s".formatted(root, e), e);
    }
    if (failure != null) {
      members.asMap().values().removeIf(each -> each == call); // it is tried again
    }
    call.lock.lock();
    try {
      call.done = true;
      call.taken.clear();
      call.failure = failure;
      call.changed.signalAll();
    } finally {
      call.lock.unlock();
    }
  }

  /**
   * Whether directories may be had one by one all the same, so that it is told which is missing.
   */
  private static boolean mayDoBetter(IOException failure) {
    return failure instanceof MissingBlobException
        || (failure instanceof RemoteException told
            && switch (told.kind()) {
              case NOT_FOUND, FAILED, UNSUPPORTED, WRONG_CONTENT -> true;
              case UNAVAILABLE, DEADLINE, REFUSED -> false;
            });
  }

  /**
   * Takes the directories that one call gives, as far as the tree has them: from the root's message
   * on, each that has come says which others belong to it. What comes ahead of that is kept until
   * then, within limits; what is left at the end goes. For one thread.
   */
  private final class Taking {
    private final TreeCall call;
    private final Set<Digest> belonging = new HashSet<>();
    private final Map<Digest, ByteBuffer> early = new HashMap<>();
    private final Pace pace = new Pace(patience, 0);
    private long earlyBytes;
    private long bytes;
    private int known;
    private int unknown;

    Taking(Digest root, TreeCall call) {
      this.call = call;
      belonging.add(root);
    }

    void take(Digest digest, ByteBuffer encoded) throws IOException {
      bytes += digest.size();
      if (belonging.contains(digest)) {
        Deque<Digest> below = new ArrayDeque<>(accept(digest, encoded));
        while (!below.isEmpty()) {
          Digest child = below.remove();
          ByteBuffer kept = early.remove(child);
          if (kept != null) {
            earlyBytes -= child.size();
            below.addAll(accept(child, kept));
          }
        }
      } else if (earlyBytes + digest.size() <= MOST_EARLY_BYTES && !early.containsKey(digest)) {
        early.put(digest, ByteBuffer.allocate(encoded.remaining()).put(encoded).flip());
        earlyBytes += digest.size();
      }
      if (pace.left(bytes) <= 0) {
        throw new Enough("the tree comes too slowly");
      }
    }

    /** Takes a directory of the tree, and returns those that are in it. */
    private List<Digest> accept(Digest digest, ByteBuffer encoded) throws IOException {
      List<Digest> below = children(encoded.duplicate());
      for (Digest child : below) {
        members.put(child, call);
      }
      belonging.addAll(below);
      boolean isNew = fetcher.deliver(digest, encoded);
      directories.add(isNew ? 1 : 0);
      unknown += isNew ? 1 : 0;
      known += isNew ? 0 : 1;
      call.lock.lock();
      try {
        call.taken.add(digest);
        call.changed.signalAll();
      } finally {
        call.lock.unlock();
      }
      if (known + unknown == SAMPLE && unknown < SAMPLE / 4) {
        throw new Enough("most of the tree is here");
      }
      return below;
    }
  }

  /** Fetches directories and all that are below them, level by level. */
  private void levels(List<Digest> wanted, TreeCall call) {
    List<Digest> level = wanted;
    while (!level.isEmpty()) {
      List<Fetch> fetches = new ArrayList<>();
      fetcher.fetchAll(level, Urgency.SOON, fetches::add);
      directories.add(fetches.size());
      List<Digest> next = new ArrayList<>();
      for (Fetch fetch : fetches) {
        try {
          next.addAll(members(fetcher.content(fetch), call));
        } catch (IOException e) {
          // Whoever asks for this directory is told; nobody waits for what is below.
        }
      }
      level = next;
    }
  }

  /** The directories in a directory, as far as the message makes sense: it is checked elsewhere. */
  private static List<Digest> children(ByteBuffer encoded) {
    List<Digest> children = new ArrayList<>();
    try {
      for (DirectoryNode node : Directory.parseFrom(encoded).getDirectoriesList()) {
        children.add(Digests.fromProto(node.getDigest()));
      }
    } catch (InvalidProtocolBufferException | InvalidDigestException e) {
      return children;
    }
    return children;
  }

  @Override
  public void meter(Consumer<Reading> to) {
    Reading made = Reading.counter("fetch_trees", "Trees asked for whole, by what came", 0);
    to.accept(made.with("result", "known").plus(abandoned.sum()));
    to.accept(made.with("result", "taken").plus(calls.sum() - abandoned.sum()));
    to.accept(
        Reading.counter(
            "fetch_directories", "Directories that came with their trees", directories.sum()));
  }
}
