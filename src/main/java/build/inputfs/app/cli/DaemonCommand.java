package build.inputfs.app.cli;

import build.inputfs.app.daemon.Caller;
import build.inputfs.app.daemon.Correlation;
import build.inputfs.app.daemon.Events;
import build.inputfs.app.daemon.SocketPath;
import build.inputfs.app.daemon.StrategySet;
import build.inputfs.app.daemon.TreeKeeper;
import build.inputfs.app.daemon.ViewRegistry;
import build.inputfs.app.daemon.ViewRequest;
import build.inputfs.app.daemon.ViewState;
import build.inputfs.app.doctor.Leftover;
import build.inputfs.app.doctor.Reaper;
import build.inputfs.app.metrics.MetricsServer;
import build.inputfs.app.metrics.Monitor;
import build.inputfs.app.proto.Info;
import build.inputfs.app.rpc.Admission;
import build.inputfs.app.rpc.DaemonServer;
import build.inputfs.app.run.Interruption;
import build.inputfs.app.run.Problems;
import build.inputfs.cache.view.DeclaredOutputs;
import build.inputfs.cache.view.OutputCollector;
import build.inputfs.cache.view.Quota;
import build.inputfs.cache.view.SessionFolder;
import build.inputfs.cas.life.LimitedStore;
import build.inputfs.cas.meter.Metered;
import build.inputfs.cas.posix.Accounts;
import build.inputfs.cas.posix.Posix;
import build.inputfs.cas.posix.ServiceManager;
import build.inputfs.cas.posix.Signals;
import build.inputfs.cas.store.BlobSource;
import build.inputfs.cas.store.LocalStore;
import build.inputfs.cas.store.StoreAccess;
import build.inputfs.cas.tree.TreeReader;
import build.inputfs.fuse.kernel.Mounter;
import build.inputfs.fuse.mount.Privileges;
import com.google.protobuf.Timestamp;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CountDownLatch;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.ParseResult;

/** {@code inputfs daemon}: makes views for other programs, until it is told to end. */
final class DaemonCommand implements Subcommand {
  static final String SOCKET = "--socket";

  private static final String METRICS = "--metrics";
  private static final String GROUP = "--group";
  private static final String LISTEN = "--listen";
  private static final String TLS_CERT = "--tls-cert";
  private static final String TLS_KEY = "--tls-key";
  private static final String TLS_CLIENT_CA = "--tls-client-ca";
  private static final String MAX_STORE_SIZE = "--max-store-size";
  private static final String REAP = "--reap";
  private static final String MAX_VIEWS = "--max-views";
  private static final String STOP_TIMEOUT = "--stop-timeout";
  private static final int MAX_VIEWS_DEFAULT = 10_000;
  private static final int STOP_TIMEOUT_DEFAULT = 10;

  @Override
  public void describe(CommandSpec spec) {
    spec.usageMessage()
        .customSynopsis("inputfs daemon [OPTION...]")
        .description(
            "Serves views of input trees to other programs, over gRPC on a Unix socket. Prints",
            "",
            "    listening on SOCKET",
            "",
            "when it does, unless it was given the socket as its standard input, and stays in the"
                + " foreground. SIGTERM or Ctrl-C ends it: it makes no more"
                + " views, waits for those that there are, then ends them. A second signal ends"
                + " them at once.",
            "");
    spec.addOption(
        Options.value(
            SOCKET,
            "PATH",
            "Where to listen (default: $INPUTFS_SOCKET; else /run/inputfs/daemon.sock for root,"
                + " $XDG_RUNTIME_DIR/inputfs/daemon.sock for others)."));
    spec.addOption(
        Options.value(
            GROUP,
            "NAME",
            "Let the members of this group in too; each sees and changes only views of his own"
                + " (default: only root and the user who starts the daemon)."));
    spec.addOption(
        Options.value(
            LISTEN,
            "HOST:PORT",
            "Listen on TCP too, for clients that show a certificate; they are taken for the user who"
                + " starts the daemon. Takes the next three options."));
    spec.addOption(
        Options.value(TLS_CERT, "FILE", "The daemon's own certificate, and its chain, in PEM."));
    spec.addOption(Options.value(TLS_KEY, "FILE", "Its private key: PKCS#8, in PEM."));
    spec.addOption(
        Options.value(
            TLS_CLIENT_CA, "FILE", "The certificate of whoever signs those of clients, in PEM."));
    Options.addCas(spec, "");
    Options.addRemote(spec);
    spec.addOption(
        Options.value(
            MAX_STORE_SIZE,
            "SIZE",
            "Keep the store within so many bytes, such as 500GB: what was used least goes, but for"
                + " what is in use (default: nothing goes)."));
    Options.addView(spec);
    spec.addOption(
        Options.flag(
            REAP,
            "First remove what processes that were killed have left, as `inputfs reap` does"
                + " (default: tell of it)."));
    spec.addOption(
        Options.value(
            MAX_VIEWS,
            "N",
            "Have no more views at a time (default: %d).".formatted(MAX_VIEWS_DEFAULT)));
    spec.addOption(
        Options.value(
            STOP_TIMEOUT,
            "SECONDS",
            "How long to wait for views when told to end (default: %d)."
                .formatted(STOP_TIMEOUT_DEFAULT)));
    spec.addOption(
        Options.value(
            METRICS,
            "[HOST:]PORT",
            "Serve /metrics for Prometheus, and /healthz, over HTTP there; without HOST on the"
                + " loopback address alone (default: nowhere)."));
    Logging.addOptions(spec);
  }

  @Override
  public int run(ParseResult arguments, Context context) throws IOException {
    Instant started = Instant.now();
    Logging.bridge();
    int mostViews = number(arguments, MAX_VIEWS, MAX_VIEWS_DEFAULT, 1);
    Duration patience =
        Duration.ofSeconds(number(arguments, STOP_TIMEOUT, STOP_TIMEOUT_DEFAULT, 0));
    long limit = limit(arguments);
    Remote remote = remote(arguments);
    Interruption interruption = context.signals().get();
    Posix posix = Posix.load();
    ServiceManager manager =
        new ServiceManager(posix, System.getenv().getOrDefault(ServiceManager.VARIABLE, ""));
    Accounts accounts = Accounts.load();
    int group = group(arguments, accounts);
    InetSocketAddress metricsAddress = metricsAddress(arguments);
    Path socket = Options.path(arguments, SOCKET);
    if (socket == null) {
      socket = SocketPath.of(context.environment(), posix.geteuid());
    }
    socket = socket.toAbsolutePath().normalize();
    try (Stores stores = context.stores(posix)) {
      LimitedStore limited = limit == 0 ? null : stores.openLimited(arguments, limit);
      LocalStore store =
          limited == null ? stores.open(arguments, StoreAccess.AUTOMATIC) : limited.store();
      LocalStore results = stores.writable(store);
      Blobs blobs = stores.behind(arguments, store);
      BlobSource source = blobs.source();
      OutputCollector outputs =
          new OutputCollector(source, results, blobs.sending(results, context.configuration()));
      TreeReader trees =
          limited == null || source != store
              ? new TreeReader(source, TreeReader.DEFAULT_CACHE_BYTES)
              : limited.trees();
      TreeKeeper keeper = new TreeKeeper(posix, store, results, trees, blobs.fetching());
      Path scratch = context.scratch(arguments);
      Privileges privileges = Privileges.read();
      leftovers(arguments, context, posix);
      Events events = new Events();
      try (SessionFolder session =
              SessionFolder.open(
                  posix, scratch, RealStrategies.SESSION, new Mounter(posix)::clear);
          StrategySet strategies =
              context.strategies(arguments, posix, source, trees, session.path());
          ViewRegistry views =
              new ViewRegistry(
                  posix,
                  strategies,
                  trees,
                  outputs,
                  Files.createDirectory(session.path().resolve("views")).toRealPath(),
                  privileges.mayMount(),
                  events,
                  prefix(session),
                  mostViews)) {
        tryOut(views, posix, store);
        Info info = info(started, store, views, strategies, privileges);
        Set<Metered> parts = new LinkedHashSet<>(List.of(store, trees, strategies));
        parts.add(results);
        parts.addAll(blobs.metered());
        if (limited != null) {
          parts.add(limited);
        }
        try (Monitor monitor = Monitor.start(views, events, List.copyOf(parts), metricsAddress);
            DaemonServer server =
                new DaemonServer(views, events, keeper, source, info, monitor.metrics())) {
          Admission admission = new Admission(accounts, posix.geteuid(), group);
          Path listening = server.listen(posix, socket, admission, group);
          String said = "listening on " + listening;
          if (remote != null) {
            int port =
                server.listen(
                    remote.address(),
                    remote.certificates(),
                    new Caller(posix.geteuid(), posix.getegid(), true));
            said += " and port " + port;
          }
          Logger log = LoggerFactory.getLogger(DaemonCommand.class);
          log.atInfo()
              .addKeyValue("version", info.getVersion())
              .addKeyValue("pid", info.getPid())
              .addKeyValue("socket", listening)
              .addKeyValue("store", store.root())
              .addKeyValue("metrics", monitor.address())
              .log("daemon started");
          if (!DaemonServer.isGivenSocket()) { // which may be the standard output too
            context.console().out().println(said);
            context.console().out().flush();
          }
          tell(manager, ServiceManager.READY + "\nSTATUS=" + said);
          serve(server, views, interruption, manager, patience, log);
          log.atInfo().log("daemon stopped");
        }
      }
    }
    return OK;
  }

  /** Removes what dead processes have left, or tells of what nobody removes unasked. */
  private static void leftovers(ParseResult arguments, Context context, Posix posix)
      throws IOException {
    Logger log = LoggerFactory.getLogger(DaemonCommand.class);
    List<Leftover> found = ReapCommand.leftovers(arguments, context, posix).find();
    if (Options.has(arguments, REAP)) {
      boolean _ = new Reaper(posix, new ToLog(log)).reap(found);
      return;
    }
    for (Leftover leftover : found) {
      switch (leftover) {
        case Leftover.StaleMount _, Leftover.DoubtfulMount _ ->
            log.warn("{}: {}; `inputfs reap` removes it", leftover.path(), leftover.what());
        // These go when the session begins, and while the store is in use.
        case Leftover.StaleFolder _, Leftover.StaleFile _ -> {}
      }
    }
  }

  private record ToLog(Logger log) implements Reaper.Log {
    @Override
    public void removed(String what) {
      log.info("reaped: {}", what);
    }

    @Override
    public void failed(String what) {
      log.warn("{}", what);
    }
  }

  /** In bytes; 0 for none. */
  private static long limit(ParseResult arguments) {
    if (Options.get(arguments, MAX_STORE_SIZE) == null) {
      return 0;
    }
    long limit = Options.size(arguments, MAX_STORE_SIZE);
    if (limit == 0) {
      throw Options.noSize(arguments, MAX_STORE_SIZE);
    }
    return limit;
  }

  /** Serves until there is a signal, and then until there are no views or patience ends. */
  private static void serve(
      DaemonServer server,
      ViewRegistry views,
      Interruption interruption,
      ServiceManager manager,
      Duration patience,
      Logger log) {
    CountDownLatch first = new CountDownLatch(1);
    Thread serving = Thread.currentThread();
    try (Interruption.Forwarding _ =
        interruption.forwardTo(
            (Signals _) -> {
              if (first.getCount() > 0) {
                first.countDown();
              } else {
                serving.interrupt();
              }
            })) {
      first.await();
      log.atInfo().addKeyValue("views", views.size()).log("daemon stopping");
      views.stop();
      tell(manager, ServiceManager.STOPPING + "\nSTATUS=waiting for views to be closed");
      server.stopping();
      boolean _ = views.awaitNoViews(patience);
    } catch (InterruptedException e) {
      // The second signal.
    }
    boolean _ = Thread.interrupted();
    views.close(); // while clients can still be told how their views ended
  }

  private static void tell(ServiceManager manager, String assignments) {
    try {
      manager.tell(assignments);
    } catch (IOException e) {
      LoggerFactory.getLogger(DaemonCommand.class).warn("{}", Problems.describe(e));
    }
  }

  /** Has everything ready that the first view needs, and finds out what works here. */
  private static void tryOut(ViewRegistry views, Posix posix, LocalStore store) throws IOException {
    Caller self = new Caller(posix.geteuid(), posix.getegid(), true);
    ViewState view =
        views.create(
            self,
            new ViewRequest(
                store.function().empty(), // which is an empty directory's message too
                null,
                "",
                self.uid(),
                self.gid(),
                false,
                DeclaredOutputs.ofPaths(List.of()),
                Quota.NONE,
                null,
                "",
                new Correlation("", "", "", ""),
                List.of()));
    var _ = views.close(self, view.name()).join();
  }

  private static Info info(
      Instant started,
      LocalStore store,
      ViewRegistry views,
      StrategySet strategies,
      Privileges privileges)
      throws IOException {
    return Info.newBuilder()
        .setVersion(Main.version())
        .setPid(ProcessHandle.current().pid())
        .setStarted(
            Timestamp.newBuilder().setSeconds(started.getEpochSecond()).setNanos(started.getNano()))
        .setStore(store.root().toString())
        .setViews(views.folder().toString())
        .addAllStrategies(strategies.names())
        .setOwnNamespace(hasOwnNamespace(privileges))
        .setDigestFunction(store.function().resourceName())
        .build();
  }

  /** Whether nobody outside sees what this process mounts: namespaces(7). */
  private static boolean hasOwnNamespace(Privileges privileges) throws IOException {
    try {
      Path first = Files.readSymbolicLink(Path.of("/proc/1/ns/mnt"));
      return !first.equals(Files.readSymbolicLink(Path.of("/proc/self/ns/mnt")));
    } catch (IOException e) {
      // That of the machine's first process is for root to see.
      return privileges.userNamespace() && privileges.mayMount();
    }
  }

  /** Sessions' folders have random names. */
  private static String prefix(SessionFolder session) {
    return String.valueOf(session.path().getFileName()).substring(RealStrategies.SESSION.length());
  }

  private static @Nullable InetSocketAddress metricsAddress(ParseResult arguments) {
    String text = Options.get(arguments, METRICS);
    try {
      return text == null ? null : MetricsServer.parse(text);
    } catch (IllegalArgumentException e) {
      throw Options.usage(arguments, METRICS + ": " + e.getMessage());
    }
  }

  /** Where to listen for other machines. */
  private record Remote(InetSocketAddress address, DaemonServer.Certificates certificates) {}

  private static @Nullable Remote remote(ParseResult arguments) {
    String listen = Options.get(arguments, LISTEN);
    Path certificate = Options.path(arguments, TLS_CERT);
    Path key = Options.path(arguments, TLS_KEY);
    Path authority = Options.path(arguments, TLS_CLIENT_CA);
    if (listen == null && certificate == null && key == null && authority == null) {
      return null;
    }
    if (listen == null || certificate == null || key == null || authority == null) {
      throw Options.usage(
          arguments,
          "%s, %s, %s and %s go together: there is no TCP without TLS, nor clients without"
                  .formatted(LISTEN, TLS_CERT, TLS_KEY, TLS_CLIENT_CA)
              + " certificates");
    }
    int colon = listen.lastIndexOf(':');
    try {
      int port = Integer.parseInt(listen.substring(colon + 1));
      String host = listen.substring(0, Math.max(colon, 0)).replaceAll("[\\[\\]]", "");
      InetSocketAddress address = new InetSocketAddress(host, port);
      if (colon > 0 && !address.isUnresolved()) {
        return new Remote(address, new DaemonServer.Certificates(certificate, key, authority));
      }
    } catch (IllegalArgumentException e) {
      // Told below.
    }
    throw Options.usage(arguments, LISTEN + " takes HOST:PORT, not '" + listen + "'");
  }

  private static int group(ParseResult arguments, Accounts accounts) {
    String name = Options.get(arguments, GROUP);
    if (name == null) {
      return Accounts.NONE;
    }
    int group = accounts.group(name);
    if (group == Accounts.NONE) {
      throw Options.usage(arguments, "there is no group '" + name + "'");
    }
    return group;
  }

  private static int number(ParseResult arguments, String option, int otherwise, int least) {
    String text = Options.get(arguments, option);
    try {
      int number = text == null ? otherwise : Integer.parseInt(text);
      if (number >= least) {
        return number;
      }
    } catch (NumberFormatException e) {
      // Told below.
    }
    throw Options.usage(
        arguments, "%s takes a number of at least %d, not '%s'".formatted(option, least, text));
  }
}
