package build.inputfs.cas.remote.testserver;

import build.inputfs.cas.digest.Digest;
import build.inputfs.cas.digest.DigestFunction;
import build.inputfs.cas.proto.RequestMetadata;
import com.google.protobuf.InvalidProtocolBufferException;
import com.google.protobuf.MessageLite;
import io.grpc.Context;
import io.grpc.Contexts;
import io.grpc.ForwardingServerCallListener;
import io.grpc.InsecureServerCredentials;
import io.grpc.Metadata;
import io.grpc.Server;
import io.grpc.ServerCall;
import io.grpc.ServerCallHandler;
import io.grpc.ServerCredentials;
import io.grpc.ServerInterceptor;
import io.grpc.Status;
import io.grpc.netty.NettyServerBuilder;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.file.Path;
import java.util.EnumMap;
import java.util.EnumSet;
import java.util.List;
import java.util.Map;
import java.util.Queue;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * A server of the Remote Execution API's content-addressable storage: blobs in files of a temporary
 * folder, a port of the loopback interface. What it lacks, does and fails at can be changed at any
 * time, by any thread, and counts for the calls that begin then.
 */
public final class ReapiServer implements AutoCloseable {
  private static final Context.Key<FaultBox> FAULT = Context.key("fault");
  private static final Metadata.Key<byte[]> REQUEST =
      Metadata.Key.of(
          "build.bazel.remote.execution.v2.requestmetadata-bin", Metadata.BINARY_BYTE_MARSHALLER);

  private final Blobs blobs = new Blobs();
  private final ExecutorService executor = Executors.newCachedThreadPool();
  private final Server server;
  private final List<SeenCall> seen = new CopyOnWriteArrayList<>();
  private final Map<Rpc, Queue<Fault>> faults = new EnumMap<>(Rpc.class);
  private final Set<Rpc> missing = ConcurrentHashMap.newKeySet();
  private volatile Function<Rpc, @Nullable Fault> chooser = _ -> null;
  private volatile boolean recording = true;
  private volatile Offer offer = Offer.USUAL;
  private volatile Habits habits = Habits.GOOD;

  /** What goes wrong in one call, if anything. */
  private record FaultBox(@Nullable Fault fault) {}

  /**
   * What the server says that it can do, and does.
   *
   * @param digestFunctions their names
   * @param maxBatchBytes 0 for no limit
   */
  public record Offer(
      List<String> digestFunctions, long maxBatchBytes, boolean zstd, boolean zstdBatchUpdates) {
    /** SHA-256, batches of 4 MB, no compression. */
    public static final Offer USUAL = new Offer(List.of("SHA256"), 4 << 20, false, false);

    /** The same with compression everywhere. */
    public Offer compressed() {
      return new Offer(digestFunctions, maxBatchBytes, true, true);
    }

    /** The same with another limit. */
    public Offer withMaxBatchBytes(long limit) {
      return new Offer(digestFunctions, limit, zstd, zstdBatchUpdates);
    }

    /** The same with other functions. */
    public Offer withDigestFunctions(String... names) {
      return new Offer(List.of(names), maxBatchBytes, zstd, zstdBatchUpdates);
    }
  }

  /**
   * What the server does that others do not.
   *
   * @param ignoresOffset of Read
   * @param ignoresLimit of Read
   * @param forgetsUploads that broke off
   * @param chunk the largest piece of content in one message, in bytes
   * @param page how many directories are in one answer of GetTree
   * @param instance whose blobs these are; calls for another fail with NOT_FOUND
   */
  public record Habits(
      boolean ignoresOffset,
      boolean ignoresLimit,
      boolean forgetsUploads,
      int chunk,
      int page,
      String instance) {
    /** As the API wants it. */
    public static final Habits GOOD = new Habits(false, false, false, 1 << 16, 100, "");

    /** The same with pieces of another size. */
    public Habits withChunk(int bytes) {
      return new Habits(ignoresOffset, ignoresLimit, forgetsUploads, bytes, page, instance);
    }

    /** The same with pages of another size. */
    public Habits withPage(int directories) {
      return new Habits(ignoresOffset, ignoresLimit, forgetsUploads, chunk, directories, instance);
    }

    /** The same for an instance with a name. */
    public Habits withInstance(String name) {
      return new Habits(ignoresOffset, ignoresLimit, forgetsUploads, chunk, page, name);
    }

    /** The same, but what Read is asked of offset or limit is not heard. */
    public Habits ignoring(boolean offset, boolean limit) {
      return new Habits(offset, limit, forgetsUploads, chunk, page, instance);
    }

    /** The same, but what breaks off is gone. */
    public Habits forgetting() {
      return new Habits(ignoresOffset, ignoresLimit, true, chunk, page, instance);
    }
  }

  private ReapiServer(ServerCredentials credentials, int port) throws IOException {
    for (Rpc rpc : Rpc.values()) {
      faults.put(rpc, new ConcurrentLinkedQueue<>());
    }
    server =
        NettyServerBuilder.forAddress(
                new InetSocketAddress(InetAddress.getLoopbackAddress(), port), credentials)
            .executor(executor)
            .maxInboundMessageSize(4 << 20)
            .intercept(new Doorman())
            .addService(new CapabilitiesService(this))
            .addService(new CasService(this))
            .addService(new ByteStreamService(this))
            .build()
            .start();
  }

  /** Starts a server on any port. The caller closes it. */
  public static ReapiServer start() throws IOException {
    return start(InsecureServerCredentials.create(), 0);
  }

  /** Starts a server that speaks TLS, say, on this port or, if it is 0, on any. */
  public static ReapiServer start(ServerCredentials credentials, int port) throws IOException {
    return new ReapiServer(credentials, port);
  }

  public int port() {
    return server.getPort();
  }

  /** How {@code --remote} names it, without TLS. */
  public String address() {
    String instance = habits.instance;
    return "grpc://localhost:" + port() + (instance.isEmpty() ? "" : "/" + instance);
  }

  public void offer(Offer changed) {
    offer = changed;
  }

  public Offer offer() {
    return offer;
  }

  public void habits(Habits changed) {
    habits = changed;
  }

  public Habits habits() {
    return habits;
  }

  /** Has these calls answered with UNIMPLEMENTED, and all others not. */
  public void lacks(Rpc... calls) {
    missing.clear();
    missing.addAll(List.of(calls));
  }

  /** Has the next calls of this kind fail so, one each. */
  public void next(Rpc rpc, Fault... next) {
    queue(rpc).addAll(List.of(next));
  }

  /** Has each call, but those for which {@link #next} has something, fail as chosen; null not. */
  public void choose(Function<Rpc, @Nullable Fault> choice) {
    chooser = choice;
  }

  /** Whether calls are kept for {@link #seen}, as they are at first. */
  public void record(boolean on) {
    recording = on;
  }

  /** All calls since {@link #forgetSeen}, in the order in which they came. */
  public List<SeenCall> seen() {
    return List.copyOf(seen);
  }

  /** Those of one kind. */
  public List<SeenCall> seen(Rpc rpc) {
    return seen.stream().filter(call -> call.rpc() == rpc).toList();
  }

  public void forgetSeen() {
    seen.clear();
  }

  /** Adds a blob, named by SHA-256. */
  public Digest put(byte[] content) throws IOException {
    return put(content, DigestFunction.SHA256);
  }

  /** Adds a blob. */
  public Digest put(byte[] content, DigestFunction function) throws IOException {
    Digest digest = function.digest(content);
    blobs.put(digest, content);
    return digest;
  }

  /** Adds a blob whose content is not what its digest says. */
  public void putWrong(Digest digest, byte[] content) throws IOException {
    blobs.put(digest, content);
  }

  /** Adds a blob that stays in the file, which must have this content. */
  public void put(Digest digest, Path file) throws IOException {
    blobs.link(digest, file);
  }

  public boolean has(Digest digest) throws IOException {
    return blobs.has(digest);
  }

  /** The content of a blob. */
  public byte[] get(Digest digest) throws IOException {
    return blobs.read(digest);
  }

  public void remove(Digest digest) throws IOException {
    blobs.remove(digest);
  }

  /** Ends all calls and frees the port, where another can be started. */
  @Override
  public void close() throws IOException {
    if (server.isShutdown()) {
      return;
    }
    server.shutdownNow();
    try {
      server.awaitTermination(60, TimeUnit.SECONDS);
      executor.shutdownNow();
      executor.awaitTermination(60, TimeUnit.SECONDS);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
    blobs.close();
  }

  Blobs blobs() {
    return blobs;
  }

  ExecutorService executor() {
    return executor;
  }

  /** What is to go wrong in the call that this thread serves. */
  static @Nullable Fault fault() {
    return FAULT.get().fault;
  }

  private Queue<Fault> queue(Rpc rpc) {
    Queue<Fault> queue = faults.get(rpc);
    if (queue == null) {
      throw new IllegalStateException(rpc.toString());
    }
    return queue;
  }

  /** Notes each call before it is answered, and decides what becomes of it. */
  private final class Doorman implements ServerInterceptor {
    private final Set<Rpc> unary =
        EnumSet.complementOf(EnumSet.of(Rpc.READ, Rpc.WRITE, Rpc.GET_TREE));

    @Override
    public <Q, A> ServerCall.Listener<Q> interceptCall(
        ServerCall<Q, A> call, Metadata headers, ServerCallHandler<Q, A> next) {
      Rpc rpc = Rpc.of(call.getMethodDescriptor());
      if (missing.contains(rpc)) {
        note(rpc, headers, RequestMetadata.getDefaultInstance());
        call.close(Status.UNIMPLEMENTED.withDescription("not here"), new Metadata());
        return new ServerCall.Listener<>() {};
      }
      Fault queued = queue(rpc).poll();
      Fault fault = queued != null ? queued : chooser.apply(rpc);
      if (unary.contains(rpc)) {
        if (fault instanceof Fault.Fails fails) {
          note(rpc, headers, RequestMetadata.getDefaultInstance());
          call.close(fails.code().toStatus().withDescription("told to fail"), new Metadata());
          return new ServerCall.Listener<>() {};
        }
        if (fault instanceof Fault.Hangs) {
          note(rpc, headers, RequestMetadata.getDefaultInstance());
          return new ServerCall.Listener<>() {};
        }
      }
      return new ForwardingServerCallListener.SimpleForwardingServerCallListener<>(
          Contexts.interceptCall(
              Context.current().withValue(FAULT, new FaultBox(fault)), call, headers, next)) {
        private boolean first = true;

        @Override
        public void onMessage(Q message) {
          if (first && message instanceof MessageLite request) {
            note(rpc, headers, request);
          }
          first = false;
          if (fault instanceof Fault.Waits waits) {
            pause(waits);
          }
          super.onMessage(message);
        }
      };
    }

    private void note(Rpc rpc, Metadata headers, MessageLite request) {
      if (recording) {
        seen.add(new SeenCall(rpc, headers, metadata(headers), request));
      }
    }

    private static RequestMetadata metadata(Metadata headers) {
      byte[] encoded = headers.get(REQUEST);
      try {
        return encoded == null
            ? RequestMetadata.getDefaultInstance()
            : RequestMetadata.parseFrom(encoded);
      } catch (InvalidProtocolBufferException e) {
        throw new IllegalArgumentException(e);
      }
    }

    private static void pause(Fault.Waits waits) {
      try {
        Thread.sleep(waits.time());
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
      }
    }
  }
}
