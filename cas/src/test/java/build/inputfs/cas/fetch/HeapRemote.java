package build.inputfs.cas.fetch;

import build.inputfs.cas.digest.Digest;
import build.inputfs.cas.digest.DigestFunction;
import build.inputfs.cas.proto.Digests;
import build.inputfs.cas.proto.Directory;
import build.inputfs.cas.proto.DirectoryNode;
import build.inputfs.cas.remote.BatchSink;
import build.inputfs.cas.remote.ChunkSink;
import build.inputfs.cas.remote.RemoteBlobs;
import build.inputfs.cas.remote.TreeSink;
import build.inputfs.cas.store.MissingBlobException;
import com.google.protobuf.InvalidProtocolBufferException;
import java.io.IOException;
import java.io.InterruptedIOException;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Semaphore;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/**
 * A remote on the heap, which shows what it is asked, and does what a test says: it can hold calls
 * up, answer late, leave out trees, send other bytes, or break.
 */
final class HeapRemote implements RemoteBlobs {
  static final int CHUNK = 64 << 10;
  static final String NAME = "that is on the heap";

  private final Map<Digest, byte[]> blobs = new ConcurrentHashMap<>();

  /** All batches, as they were asked for. */
  final ConcurrentLinkedQueue<List<Digest>> batches = new ConcurrentLinkedQueue<>();

  /** All blobs that were streamed. */
  final ConcurrentLinkedQueue<Digest> streams = new ConcurrentLinkedQueue<>();

  /** The roots of all trees that were asked for. */
  final ConcurrentLinkedQueue<Digest> trees = new ConcurrentLinkedQueue<>();

  /** How long each call takes until its first answer. */
  volatile Duration roundTrip = Duration.ZERO;

  /** Batches wait for it. */
  volatile CountDownLatch batchGate = new CountDownLatch(0);

  /** Each chunk of a stream takes a permit. */
  volatile Semaphore chunkGate = new Semaphore(Integer.MAX_VALUE / 2);

  /** What is told of a call, or of a blob, in place of an answer; null is none. */
  volatile @Nullable IOException broken;

  volatile Predicate<Digest> missing = digest -> false;

  volatile Predicate<Digest> damaged = digest -> false;

  /** Which directories of a tree are sent with it. */
  volatile Predicate<Digest> inTrees = digest -> true;

  /** What is sent with each tree before anything of it. */
  volatile List<Digest> strangers = List.of();

  /** Whether the directories below come before those that they are in. */
  volatile boolean backwards;

  Digest put(byte[] content) {
    Digest digest = DigestFunction.SHA256.digest(content);
    blobs.put(digest, content.clone());
    return digest;
  }

  /** All that was asked for in batches. */
  List<Digest> inBatches() {
    return batches.stream().flatMap(List::stream).toList();
  }

  private void begin() throws IOException {
    try {
      Thread.sleep(roundTrip);
    } catch (InterruptedException e) {
      throw new InterruptedIOException();
    }
    IOException failure = broken;
    if (failure != null) {
      throw failure;
    }
  }

  private byte[] content(Digest digest) throws MissingBlobException {
    byte[] content = blobs.get(digest);
    if (content == null || missing.test(digest)) {
      throw new MissingBlobException(digest, "not on the heap");
    }
    byte[] sent = content.clone();
    if (damaged.test(digest) && sent.length > 0) {
      sent[sent.length - 1] ^= 1;
    }
    return sent;
  }

  @Override
  public String name() {
    return NAME;
  }

  @Override
  public void readBatch(Collection<Digest> digests, BatchSink sink) throws IOException {
    batches.add(List.copyOf(digests));
    try {
      batchGate.await();
    } catch (InterruptedException e) {
      throw new InterruptedIOException();
    }
    begin();
    for (Digest digest : digests) {
      try {
        sink.content(digest, ByteBuffer.wrap(content(digest)));
      } catch (MissingBlobException e) {
        sink.failure(digest, e);
      }
    }
  }

  @Override
  public void readUnverified(Digest digest, ChunkSink sink) throws IOException {
    streams.add(digest);
    begin();
    byte[] content = content(digest);
    for (int at = 0; at < content.length; at += CHUNK) {
      try {
        chunkGate.acquire();
      } catch (InterruptedException e) {
        throw new InterruptedIOException();
      }
      IOException failure = broken;
      if (failure != null) {
        throw failure;
      }
      sink.take(ByteBuffer.wrap(content, at, Math.min(CHUNK, content.length - at)));
    }
  }

  @Override
  public void tree(Digest root, TreeSink sink) throws IOException {
    trees.add(root);
    begin();
    for (Digest stranger : strangers) {
      sink.directory(stranger, ByteBuffer.wrap(content(stranger)));
    }
    send(root, sink);
  }

  private void send(Digest digest, TreeSink sink) throws IOException {
    byte[] content = content(digest);
    if (!inTrees.test(digest)) {
      return;
    }
    if (!backwards) {
      sink.directory(digest, ByteBuffer.wrap(content));
    }
    Directory directory;
    try {
      directory = Directory.parseFrom(content);
    } catch (InvalidProtocolBufferException e) {
      throw new IOException(e);
    }
    for (DirectoryNode child : directory.getDirectoriesList()) {
      send(Digests.fromProto(child.getDigest()), sink);
    }
    if (backwards) {
      sink.directory(digest, ByteBuffer.wrap(content));
    }
  }
}
