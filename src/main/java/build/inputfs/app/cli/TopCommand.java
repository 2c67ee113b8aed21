package build.inputfs.app.cli;

import build.inputfs.app.daemon.SocketPath;
import build.inputfs.app.proto.Info;
import build.inputfs.app.proto.Statistics;
import build.inputfs.app.proto.View;
import build.inputfs.app.rpc.Connection;
import build.inputfs.app.run.Interruption;
import build.inputfs.cas.posix.Posix;
import build.inputfs.cas.posix.Signals;
import com.google.gson.stream.JsonWriter;
import java.io.IOException;
import java.io.StringWriter;
import java.nio.file.Path;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.ParseResult;

/** {@code inputfs top}: shows what a daemon does, again and again. */
final class TopCommand implements Subcommand {
  private static final String INTERVAL = "--interval";
  private static final String ONCE = "--once";

  @Override
  public void describe(CommandSpec spec) {
    spec.usageMessage()
        .customSynopsis("inputfs top [OPTION...]")
        .description(
            "Shows what the daemon does: its views, how long they take, the kernel's requests, the"
                + " caches, the store and what failed. On a terminal it goes on until q or Ctrl-C;"
                + " elsewhere it prints once.",
            "");
    spec.addOption(
        Options.value(
            DaemonCommand.SOCKET, "PATH", "Where the daemon listens (default: as for `daemon`)."));
    spec.addOption(Options.value(INTERVAL, "S", "Look every so many seconds (default: 1)."));
    spec.addOption(
        Options.flag(ONCE, "Print what there is to say since the daemon's start, and end."));
    spec.addOption(
        Options.flag(
            Options.JSON, "Print a JSON object a line, with all metrics, in place of a screen."));
  }

  @Override
  public int run(ParseResult arguments, Context context) throws IOException {
    double seconds = interval(arguments);
    boolean json = Options.has(arguments, Options.JSON);
    Path socket = Options.path(arguments, DaemonCommand.SOCKET);
    if (socket == null) {
      socket = SocketPath.of(context.environment(), Posix.load().geteuid());
    }
    Console console = context.console();
    boolean screen = !json && !Options.has(arguments, ONCE) && Console.outIsTerminal();
    CountDownLatch end = new CountDownLatch(1);
    Interruption interruption = context.signals().get();
    try (Connection daemon = Connection.open(socket);
        Terminal terminal = screen ? Terminal.open(console.out()) : null;
        Interruption.Forwarding _ = interruption.forwardTo((Signals _) -> end.countDown())) {
      if (terminal != null) {
        Thread.ofPlatform().daemon().name("keys").start(() -> Terminal.readKeys(end::countDown));
      }
      boolean again = terminal != null || (json && !Options.has(arguments, ONCE));
      Statistics before = null;
      do {
        Look look = Look.at(daemon, before);
        show(look, json, terminal, console);
        before = look.statistics();
      } while (again && !end.await((long) (seconds * 1e6), TimeUnit.MICROSECONDS));
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
    return OK;
  }

  /** What a daemon said at one moment. */
  private record Look(Info info, Statistics statistics, List<View> views, Figures figures) {

    static Look at(Connection daemon, @Nullable Statistics before) throws IOException {
      Info info = daemon.info();
      Statistics statistics = daemon.statistics();
      List<View> views = daemon.views();
      Instant started =
          Instant.ofEpochSecond(info.getStarted().getSeconds(), info.getStarted().getNanos());
      Figures figures =
          before == null
              ? Figures.sinceStart(statistics, started)
              : Figures.between(before, statistics);
      return new Look(info, statistics, views, figures);
    }

    Instant time() {
      return Instant.ofEpochSecond(
          statistics.getTime().getSeconds(), statistics.getTime().getNanos());
    }
  }

  private static void show(Look look, boolean json, @Nullable Terminal terminal, Console console)
      throws IOException {
    if (json) {
      console.out().println(json(look));
    } else {
      TopScreen screen =
          new TopScreen(
              look.info(),
              look.figures(),
              look.statistics().getLeases(),
              look.views(),
              look.time());
      if (terminal == null) {
        screen.lines(Integer.MAX_VALUE, Integer.MAX_VALUE).forEach(console.out()::println);
      } else {
        Terminal.Size size = terminal.size();
        terminal.draw(screen.lines(size.columns(), size.rows()), size);
      }
    }
    console.out().flush();
  }

  private static String json(Look look) throws IOException {
    StringWriter text = new StringWriter();
    try (JsonWriter json = new JsonWriter(text)) {
      json.beginObject();
      json.name("time").value(look.time().toString());
      json.name("pid").value(look.info().getPid());
      json.name("version").value(look.info().getVersion());
      json.name("open_views").value(look.statistics().getOpenViews());
      json.name("leases").value(look.statistics().getLeases());
      json.name("metrics").beginArray();
      for (Statistics.Metric metric : look.statistics().getMetricsList()) {
        json.beginObject();
        json.name("name").value(metric.getName());
        json.name("labels").beginObject();
        for (Map.Entry<String, String> label : new TreeMap<>(metric.getLabelsMap()).entrySet()) {
          json.name(label.getKey()).value(label.getValue());
        }
        json.endObject();
        json.name("value");
        if (Double.isFinite(metric.getValue())) {
          json.value(metric.getValue());
        } else {
          json.nullValue();
        }
        json.endObject();
      }
      json.endArray();
      json.endObject();
    }
    return text.toString();
  }

  private static double interval(ParseResult arguments) {
    String text = Options.get(arguments, INTERVAL);
    try {
      double seconds = text == null ? 1 : Double.parseDouble(text);
      if (seconds >= 0.1 && seconds <= 86400) {
        return seconds;
      }
    } catch (NumberFormatException e) {
      // Told below.
    }
    throw Options.usage(arguments, INTERVAL + " takes seconds, from 0.1 to 86400");
  }
}
