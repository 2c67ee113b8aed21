package build.inputfs.app.bench;

import build.inputfs.app.bench.LineProcess.Answer;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Map;
import java.util.OptionalLong;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/** A strategy of inputfs, whose views are made by a {@link ViewServer} in a process of its own. */
final class StrategyContender implements Contender {
  private static final String REQUESTS = "requests ";

  private final String name;
  private final LineProcess server;
  private final Path view;
  private String mechanism = "";
  private boolean served;

  /**
   * @param name the strategy's name
   * @param server runs a view server for it; this object ends it
   * @param view where its views are: an empty directory
   */
  StrategyContender(String name, LineProcess server, Path view) {
    this.name = name;
    this.server = server;
    this.view = view;
  }

  @Override
  public String name() {
    return name;
  }

  @Override
  public String description() {
    return "inputfs, strategy " + name + (mechanism.isEmpty() ? "" : " (" + mechanism + ")");
  }

  @Override
  public void start() throws IOException {
    server.ask("start");
  }

  @Override
  public Site make(InputTree tree) throws IOException {
    Answer answer = server.ask("make", tree.root().toString(), view.toString());
    mechanism = answer.text("mechanism");
    return new ServedSite(answer.text("view"), answer.number("nanos"));
  }

  @Override
  public @Nullable Memory memory() throws IOException {
    Answer answer = server.ask("memory");
    return new Memory(answer.number("heap"), answer.number("rss"));
  }

  @Override
  public void stop() throws IOException {
    server.ask("stop");
  }

  @Override
  public void close() throws IOException {
    server.close();
  }

  private final class ServedSite implements Site {
    private final String id;
    private final long makeNanos;

    ServedSite(String id, long makeNanos) {
      this.id = id;
      this.makeNanos = makeNanos;
    }

    @Override
    public Path path() {
      return view;
    }

    @Override
    public OptionalLong makeNanos() {
      return OptionalLong.of(makeNanos);
    }

    @Override
    public @Nullable Map<String, Long> requests() throws IOException {
      Map<String, Long> requests = new TreeMap<>();
      server
          .ask("counters", id)
          .values()
          .forEach(
              (counter, count) -> {
                if (counter.startsWith(REQUESTS)) {
                  requests.put(counter.substring(REQUESTS.length()), Long.parseLong(count));
                }
              });
      // Some leave out what was not asked; but whoever serves was asked something in the trial.
      served |= !requests.isEmpty();
      return served ? requests : null;
    }

    @Override
    public OptionalLong remove() throws IOException {
      return OptionalLong.of(server.ask("remove", id).number("nanos"));
    }
  }
}
