package build.inputfs.cas.remote;

import build.inputfs.cas.digest.Digest;
import build.inputfs.cas.digest.DigestFunction;
import build.inputfs.cas.meter.Metered;
import build.inputfs.cas.meter.Reading;
import build.inputfs.cas.proto.ContentAddressableStorageGrpc;
import build.inputfs.cas.proto.Digests;
import build.inputfs.cas.proto.FindMissingBlobsRequest;
import build.inputfs.cas.proto.FindMissingBlobsResponse;
import build.inputfs.cas.store.MissingBlobException;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;

/**
 * The blobs of a server of the Remote Execution API, version 2.
 *
 * <p>All calls wait until they are done; virtual threads may make them. What can be tried again is,
 * as {@link RemoteOptions.Timing} says; what comes is verified, and is on the heap in pieces only.
 * Every failure is a {@link RemoteException}, or a {@link MissingBlobException} where the server
 * does not have a blob. An interrupt ends a call with an {@link java.io.InterruptedIOException}.
 *
 * <p>Thread-safe. Nothing is sent before the first call, and before that the server is asked what
 * it can do. The empty blob is never asked for.
 */
public final class RemoteCas implements RemoteBlobs, AutoCloseable, Metered {
  /** So many digests fit in a message. */
  private static final int LARGEST_QUESTION = 20_000;

  private final Connection connection;
  private final Caller caller;
  private final boolean owner;

  private RemoteCas(Connection connection, Caller caller, boolean owner) {
    this.connection = connection;
    this.caller = caller;
    this.owner = owner;
  }

  /**
   * Opens a remote. The caller closes it.
   *
   * @param function by which all blobs are named
   * @throws RemoteException when something secret would be sent where others can read it
   * @throws IOException when a file of certificates cannot be read
   */
  public static RemoteCas open(RemoteOptions options, DigestFunction function) throws IOException {
    RemoteTarget target = options.target();
    if (options.credentials().token() != null && !target.secure() && !target.isLoopback()) {
      throw new RemoteException(
          RemoteException.Kind.REFUSED,
          false,
          target,
          "sending a token",
          "without TLS others could read it; write grpcs://",
          null);
    }
    Connection connection = new Connection(options, function);
    return new RemoteCas(connection, new Caller(connection, new CallHeaders(options)), true);
  }

  /**
   * The same remote, with calls that name the action for which they are made. It uses the same
   * connections, and need not be closed.
   *
   * @param actionId the hash of the action's digest, or empty
   * @param invocationId of the program that started it, or empty
   */
  public RemoteCas forAction(String actionId, String invocationId) {
    return new RemoteCas(connection, caller.of(actionId, invocationId), false);
  }

  /** Where it is. */
  public RemoteTarget target() {
    return connection.target();
  }

  @Override
  public String name() {
    return target().toString();
  }

  /** By which all blobs are named. */
  public DigestFunction function() {
    return connection.function();
  }

  /**
   * What the server can do. It is asked once.
   *
   * @throws RemoteException UNSUPPORTED when it does not know the digest function
   */
  public RemoteCapabilities capabilities() throws IOException {
    return caller.capabilities();
  }

  /** The largest blob that is read in a batch; a larger one has a call of its own. */
  public long largestInBatch() throws IOException {
    return caller.batchBytes("asking how much is a batch") - BatchPlan.OVERHEAD;
  }

  /** Which of these blobs the server does not have, each once. */
  public List<Digest> findMissing(Collection<Digest> digests) throws IOException {
    Map<build.inputfs.cas.proto.Digest, Digest> asked = new LinkedHashMap<>();
    for (Digest digest : digests) {
      if (!digest.isEmpty()) {
        asked.put(Digests.toProto(digest), digest);
      }
    }
    List<build.inputfs.cas.proto.Digest> all = List.copyOf(asked.keySet());
    List<Digest> missing = new ArrayList<>();
    if (!asked.isEmpty()) {
      var _ = caller.capabilities(Failures.what("asking for", asked.values()));
    }
    for (int from = 0; from < all.size(); from += LARGEST_QUESTION) {
      List<build.inputfs.cas.proto.Digest> some =
          all.subList(from, Math.min(all.size(), from + LARGEST_QUESTION));
      FindMissingBlobsResponse response =
          caller.ask(
              ContentAddressableStorageGrpc.getFindMissingBlobsMethod(),
              FindMissingBlobsRequest.newBuilder()
                  .setInstanceName(target().instance())
                  .setDigestFunction(caller.functionValue())
                  .addAllBlobDigests(some)
                  .build(),
              Failures.what("asking for", some.stream().map(asked::get).toList()));
      for (build.inputfs.cas.proto.Digest message : response.getMissingBlobDigestsList()) {
        Digest digest = asked.remove(message);
        if (digest != null) {
          missing.add(digest);
        }
      }
    }
    return missing;
  }

  /**
   * Reads small blobs, in as few calls as fit, all at the same time. Each is on the heap as a
   * whole, so those larger than {@link #largestInBatch} are better read one by one.
   *
   * @param sink gets an answer for each blob, in any order, each once: failures too
   * @throws IOException what the sink throws, or when this thread is interrupted
   */
  @Override
  public void readBatch(Collection<Digest> digests, BatchSink sink) throws IOException {
    new BatchReader(caller, sink).read(digests);
  }

  /**
   * Reads a whole blob, and verifies its size and hash: when this returns, the sink has got what
   * the digest names. Before that it may get something else; then this throws.
   *
   * @throws MissingBlobException when the server does not have it
   * @throws RemoteException when it cannot be had, or is not what it should be
   * @throws IOException what the sink throws
   */
  public void read(Digest digest, ChunkSink sink) throws IOException {
    if (!digest.isEmpty()) {
      BlobRead.whole(caller, digest, sink);
    }
  }

  @Override
  public void readUnverified(Digest digest, ChunkSink sink) throws IOException {
    if (!digest.isEmpty()) {
      BlobRead.unverified(caller, digest, sink);
    }
  }

  /**
   * Reads a part of a blob. That it is this part of this blob cannot be verified here: who has the
   * whole can.
   *
   * @param offset the first byte
   * @param length how many bytes; all of them are in the blob
   */
  public void read(Digest digest, long offset, long length, ChunkSink sink) throws IOException {
    if (offset < 0 || length < 0 || offset > digest.size() - length) {
      throw new IndexOutOfBoundsException(
          "bytes %d to %d of blobs/%s".formatted(offset, offset + length, digest));
    }
    if (length > 0) {
      BlobRead.part(caller, digest, offset, length, sink);
    }
  }

  /**
   * Reads the directories of a tree: in one call where the server offers that, else level by level.
   * Directories that the server does not have are left out, and what is below them; so it is the
   * sink that knows whether the tree is whole.
   *
   * @throws MissingBlobException when the server says that it does not have the root
   */
  @Override
  public void tree(Digest root, TreeSink sink) throws IOException {
    if (!root.isEmpty()) {
      new TreeRead(caller, root, sink).run();
    }
  }

  /**
   * Sends blobs, whether or not the server has them: in batches, all at the same time, and in
   * streams what fits in none.
   *
   * @return why those that could not be sent were not; empty when the server has all of them
   * @throws RemoteException when the server cannot be asked what it can do
   */
  public Map<Digest, IOException> write(Collection<Digest> digests, ContentSource source)
      throws IOException {
    return new BatchWriter(caller, source).write(digests);
  }

  /**
   * Sends a blob of any size in a stream.
   *
   * @throws RemoteException when the server does not take it
   * @throws IOException what the source throws, or when the content does not have its size
   */
  public void write(Digest digest, ContentSource source) throws IOException {
    if (!digest.isEmpty()) {
      BlobWrite.run(caller, digest, source);
    }
  }

  @Override
  public void meter(Consumer<Reading> to) {
    connection.counts().meter(to);
  }

  /** Ends all calls, also those of other threads. */
  @Override
  public void close() {
    if (owner) {
      connection.close();
    }
  }
}
