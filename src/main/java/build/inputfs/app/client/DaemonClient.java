package build.inputfs.app.client;

import build.inputfs.cache.view.DeclaredOutputs;
import build.inputfs.cache.view.LimitHit;
import build.inputfs.cache.view.LimitHits;
import build.inputfs.cache.view.Quota;
import build.inputfs.cache.view.ViewFailure;
import build.inputfs.cas.digest.Digest;
import build.inputfs.cas.digest.DigestFunction;
import build.inputfs.cas.thread.Threads;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * The calls of the daemon's API that commands make; what they mean is in {@code views.proto}. Views
 * that it makes end with it, however it ends. Thread-safe.
 */
public final class DaemonClient implements AutoCloseable {
  private final Connection connection;
  private final Call lease;
  private String leaseName = "";
  private @Nullable Info info;
  private volatile @Nullable Thread watching;

  private DaemonClient(Connection connection, Call lease) {
    this.connection = connection;
    this.lease = lease;
  }

  /**
   * Who answers.
   *
   * @param function what names the blobs of its store; SHA-256 where it does not say
   */
  public record Info(
      String version,
      long pid,
      Path store,
      List<String> strategies,
      boolean ownNamespace,
      DigestFunction function) {}

  /** A view of the daemon's, as it was when it told. */
  public record View(
      String name,
      Path path,
      String strategy,
      String mechanism,
      List<ViewFailure> failures,
      List<LimitHit> limits,
      Map<String, Long> counters) {}

  /**
   * What view is wanted.
   *
   * @param tree digest of the root, or of a recorded action
   * @param ofAction whether {@code tree} is an action, whose outputs then count and not these
   * @param mountPoint an existing, empty directory, or null to have one chosen
   * @param strategy its name
   * @param scratch how much may be written
   * @param command what will run in the view, as far as that is known
   */
  public record Request(
      Digest tree,
      boolean ofAction,
      @Nullable Path mountPoint,
      String strategy,
      boolean readOnly,
      DeclaredOutputs outputs,
      Quota scratch,
      List<String> command) {
    public Request {
      command = List.copyOf(command);
    }
  }

  /**
   * What there is of the outputs.
   *
   * @param result an {@code ActionResult} of the Remote Execution API, encoded
   */
  @SuppressWarnings("ArrayRecordComponent") // never compared
  public record Collected(byte[] result, List<ViewFailure> failures) {}

  /**
   * Connects to the daemon at {@code socket} and begins a lease.
   *
   * @throws IOException when none answers there that this user can trust
   */
  public static DaemonClient connect(Path socket, String description) throws IOException {
    Connection connection = Connection.open(socket);
    try {
      byte[] request = new WireWriter().text(1, description).toBytes();
      return new DaemonClient(connection, connection.call("inputfs.v1.Views/HoldLease", request));
    } catch (IOException | RuntimeException e) {
      connection.close();
      throw e;
    }
  }

  /** Tells about the daemon, which is asked once: it stays the same as long as it lives. */
  public synchronized Info info() throws IOException {
    if (info == null) {
      info = askInfo();
    }
    return info;
  }

  private Info askInfo() throws IOException {
    WireReader in = call("inputfs.v1.Daemon/GetInfo", new WireWriter());
    String version = "";
    long pid = 0;
    String store = "";
    List<String> strategies = new ArrayList<>();
    boolean ownNamespace = false;
    DigestFunction function = DigestFunction.SHA256;
    for (int field = in.next(); field != 0; field = in.next()) {
      switch (field) {
        case 1 -> version = in.text();
        case 2 -> pid = in.number();
        case 4 -> store = in.text();
        case 6 -> strategies.add(in.text());
        case 7 -> ownNamespace = in.number() != 0;
        case 8 -> function = function(in.text());
        default -> in.skip();
      }
    }
    return new Info(version, pid, Path.of(store), strategies, ownNamespace, function);
  }

  /**
   * Makes a view of this client's lease.
   *
   * @throws UnservedException when the daemon makes no view for this caller
   */
  public View createView(Request wanted) throws IOException {
    Digest tree = wanted.tree();
    Path mountPoint = wanted.mountPoint();
    WireWriter request =
        new WireWriter()
            .message(wanted.ofAction() ? 2 : 1, digestMessage(tree))
            .text(3, mountPoint == null ? "" : mountPoint.toString())
            .text(4, wanted.strategy())
            .number(6, wanted.readOnly() ? 1 : 0);
    if (!wanted.ofAction()) {
      request.message(7, expected(wanted.outputs()));
    }
    if (!wanted.scratch().isNone()) {
      request.message(8, quota(wanted.scratch()));
    }
    request.text(10, leaseName());
    wanted.command().forEach(argument -> request.element(12, argument));
    return view(callServed("inputfs.v1.Views/CreateView", request));
  }

  /**
   * Has {@code hits} told of the limits that are reached in a view, from now on and until this
   * client is closed, on a thread of its own. Called once.
   */
  public void watchLimits(String view, LimitHits hits) throws IOException {
    Call events =
        connection.call("inputfs.v1.Views/WatchEvents", new WireWriter().text(1, view).toBytes());
    var _ = events.next(); // from now on all is told
    Thread watcher =
        Thread.ofPlatform().name("limits").daemon().unstarted(() -> watch(events, hits));
    watching = watcher;
    watcher.start();
  }

  private static void watch(Call events, LimitHits hits) {
    try {
      for (byte[] event = events.next(); event != null; event = events.next()) {
        WireReader in = new WireReader(event);
        for (int field = in.next(); field != 0; field = in.next()) {
          if (field == 8) {
            LimitHit hit = limitHit(in.bytes());
            hits.record(hit.limit(), hit.refused());
          } else {
            in.skip();
          }
        }
      }
    } catch (IOException e) {
      // The connection has ended, of which others are told.
    }
  }

  /**
   * Puts what was made in a view in the store.
   *
   * @param localOnly whether the daemon's remote, if it has one, is not to get it
   */
  public Collected collect(String view, boolean localOnly) throws IOException {
    WireWriter request = new WireWriter().text(1, view).number(3, localOnly ? 1 : 0);
    WireReader in = call("inputfs.v1.Views/CollectOutputs", request);
    byte[] result = {};
    List<ViewFailure> failures = new ArrayList<>();
    for (int field = in.next(); field != 0; field = in.next()) {
      switch (field) {
        case 1 -> result = in.bytes();
        case 2 -> failures.add(failure(in.bytes()));
        default -> in.skip();
      }
    }
    return new Collected(result, failures);
  }

  /** Ends a view; returns it as it was at its end. */
  public View close(String view) throws IOException {
    WireReader in = call("inputfs.v1.Views/CloseView", new WireWriter().text(1, view));
    byte[] closed = firstField(in);
    return view(new WireReader(closed == null ? new byte[0] : closed));
  }

  /**
   * Ends a view that was to last; returns it as it was at its end.
   *
   * @throws IOException when the daemon had ended it by itself, and says why
   */
  public View end(String view) throws IOException {
    View closed;
    try {
      closed = close(view);
    } catch (IOException e) {
      String reason = reasonOfEnd(view);
      throw reason.isEmpty() ? e : endedByItself(reason, e);
    }
    String reason = reasonOfEnd(view);
    if (!reason.isEmpty()) {
      throw endedByItself(reason, null);
    }
    return closed;
  }

  private static IOException endedByItself(String reason, @Nullable IOException cause) {
    return new IOException("the daemon has ended the view: " + reason, cause);
  }

  /** Why the daemon has ended a view by itself, or empty where it did not say that it has. */
  private String reasonOfEnd(String view) throws IOException {
    String why = "";
    for (byte[] told = lease.poll(); told != null; told = lease.poll()) {
      WireReader in = new WireReader(told);
      String closed = "";
      String reason = "";
      for (int field = in.next(); field != 0; field = in.next()) {
        switch (field) {
          case 2 -> closed = in.text();
          case 3 -> reason = in.text();
          default -> in.skip();
        }
      }
      why = closed.equals(view) ? reason : why;
    }
    return why;
  }

  /**
   * Puts a directory in the daemon's store, and returns its root.
   *
   * @throws UnservedException when the daemon imports nothing for this caller
   */
  public Digest importDirectory(Path directory) throws IOException {
    WireWriter request = new WireWriter().text(1, directory.toAbsolutePath().toString());
    byte[] root = firstField(callServed("inputfs.v1.Trees/ImportDirectory", request));
    if (root == null) {
      throw new IOException("the daemon imported the directory and did not say as what");
    }
    return digest(root);
  }

  /**
   * Some bytes of a blob of the daemon's store; as many as it gives at a time.
   *
   * @param offset of the first
   * @param directory whether it is a directory's message, with others of whose tree may be fetched
   */
  byte[] readBlob(Digest digest, long offset, boolean directory) throws IOException {
    WireWriter request =
        new WireWriter()
            .message(1, digestMessage(digest))
            .number(2, offset)
            .number(4, directory ? 1 : 0);
    byte[] data = firstField(call("inputfs.v1.Trees/ReadBlob", request));
    return data == null ? new byte[0] : data;
  }

  /**
   * Calls {@code then} when the daemon has gone, on the connection's thread; once at most, and not
   * after this client was closed.
   */
  public void whenGone(Runnable then) {
    connection.whenEnded(then);
  }

  private synchronized String leaseName() throws IOException {
    if (leaseName.isEmpty()) {
      byte[] first = lease.next();
      if (first == null) {
        throw new IOException("the daemon ended the lease at once");
      }
      WireReader in = new WireReader(first);
      for (int field = in.next(); field != 0; field = in.next()) {
        if (field == 1) {
          leaseName = in.text();
        } else {
          in.skip();
        }
      }
    }
    return leaseName;
  }

  private WireReader call(String method, WireWriter request) throws IOException {
    return new WireReader(connection.call(method, request.toBytes()).only());
  }

  /** A call that fails in a way of its own where the daemon does not serve this caller. */
  private WireReader callServed(String method, WireWriter request) throws IOException {
    try {
      return call(method, request);
    } catch (DaemonException e) {
      if (e.isUnserved()) {
        throw new UnservedException(String.valueOf(e.getMessage()), e);
      }
      throw e;
    }
  }

  /** The field of a message that has number 1, as it is encoded; null where it is not set. */
  private static byte @Nullable [] firstField(WireReader in) throws IOException {
    byte[] first = null;
    for (int field = in.next(); field != 0; field = in.next()) {
      if (field == 1) {
        first = in.bytes();
      } else {
        in.skip();
      }
    }
    return first;
  }

  private static WireWriter expected(DeclaredOutputs outputs) {
    WireWriter message = new WireWriter();
    outputs.outputs().forEach(output -> message.element(2, output.path()));
    if (outputs.asDirectories()) {
      message.number(3, outputs.asTrees() ? 2 : 1);
    }
    outputs.nodeProperties().forEach(name -> message.element(4, name));
    return message;
  }

  private static WireWriter quota(Quota quota) {
    return new WireWriter()
        .number(1, quota.bytes())
        .number(2, quota.files())
        .number(
            3,
            switch (quota.medium()) {
              case DISK -> 0;
              case MEMORY -> 1;
            });
  }

  private static View view(WireReader in) throws IOException {
    String name = "";
    String path = "";
    String strategy = "";
    String mechanism = "";
    List<ViewFailure> failures = new ArrayList<>();
    List<LimitHit> limits = new ArrayList<>();
    Map<String, Long> counters = new HashMap<>();
    for (int field = in.next(); field != 0; field = in.next()) {
      switch (field) {
        case 1 -> name = in.text();
        case 3 -> path = in.text();
        case 4 -> strategy = in.text();
        case 5 -> mechanism = in.text();
        case 14 -> failures.add(failure(in.bytes()));
        case 15 -> limits.add(limitHit(in.bytes()));
        case 16 -> addCounter(counters, in.bytes());
        default -> in.skip();
      }
    }
    return new View(name, Path.of(path), strategy, mechanism, failures, limits, counters);
  }

  private static ViewFailure failure(byte[] message) throws IOException {
    WireReader in = new WireReader(message);
    String operation = "";
    String path = "";
    Digest digest = null;
    String cause = "";
    String kind = "";
    for (int field = in.next(); field != 0; field = in.next()) {
      switch (field) {
        case 1 -> operation = in.text();
        case 2 -> path = in.text();
        case 3 -> digest = digest(in.bytes());
        case 4 -> cause = in.text();
        case 5 -> kind = in.text();
        default -> in.skip();
      }
    }
    return new ViewFailure(operation, path, digest, cause, kind(kind));
  }

  /** A kind by its name in messages; one that is not known here is like none. */
  private static ViewFailure.Kind kind(String name) {
    for (ViewFailure.Kind kind : ViewFailure.Kind.values()) {
      if (kind.name().toLowerCase(Locale.ROOT).equals(name)) {
        return kind;
      }
    }
    return ViewFailure.Kind.OTHER;
  }

  private static LimitHit limitHit(byte[] message) throws IOException {
    WireReader in = new WireReader(message);
    String kind = "";
    long limit = 0;
    boolean passed = false;
    for (int field = in.next(); field != 0; field = in.next()) {
      switch (field) {
        case 1 -> kind = in.text();
        case 2 -> limit = in.number();
        case 3 -> passed = in.number() != 0;
        default -> in.skip();
      }
    }
    return new LimitHit(
        kind.equals("files") ? Quota.Limit.FILES : Quota.Limit.BYTES, limit, !passed);
  }

  private static void addCounter(Map<String, Long> counters, byte[] entry) throws IOException {
    WireReader in = new WireReader(entry);
    String key = "";
    long value = 0;
    for (int field = in.next(); field != 0; field = in.next()) {
      switch (field) {
        case 1 -> key = in.text();
        case 2 -> value = in.number();
        default -> in.skip();
      }
    }
    counters.put(key, value);
  }

  private static DigestFunction function(String name) throws IOException {
    DigestFunction function = DigestFunction.named(name);
    if (function == null) {
      throw new IOException("the digest function of the daemon's store is not known: " + name);
    }
    return function;
  }

  private static WireWriter digestMessage(Digest digest) {
    return new WireWriter().text(1, digest.hex()).number(2, digest.size());
  }

  private static Digest digest(byte[] message) throws IOException {
    WireReader in = new WireReader(message);
    String hash = "";
    long size = 0;
    for (int field = in.next(); field != 0; field = in.next()) {
      switch (field) {
        case 1 -> hash = in.text();
        case 2 -> size = in.number();
        default -> in.skip();
      }
    }
    return Digest.of(hash, size);
  }

  @Override
  public void close() {
    connection.close(); // which ends all calls
    Thread watcher = watching;
    if (watcher != null) {
      Threads.join(watcher);
    }
  }
}
