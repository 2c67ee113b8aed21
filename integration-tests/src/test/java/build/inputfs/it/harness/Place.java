package build.inputfs.it.harness;

import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;

/**
 * A directory that holds an input tree for somebody to work in: a view, or the private copy that
 * views must be like. Whoever made it closes it; used by one thread.
 */
public final class Place implements AutoCloseable {
  private static final Duration DEADLINE = Duration.ofMinutes(15);

  private final Namespace namespace;
  private final Path path;
  private final Path fsops;
  private final Map<String, String> environment;
  private final Runnable ending;
  private FsOps ops;
  private boolean closed;

  /**
   * @param namespace where it can be seen
   * @param ending takes the directory away, after everybody has left it
   */
  Place(
      Namespace namespace,
      Path path,
      Path fsops,
      Map<String, String> environment,
      Runnable ending) {
    this.namespace = namespace;
    this.path = path;
    this.fsops = fsops;
    this.environment = environment;
    this.ending = ending;
    this.ops = new FsOps(namespace, fsops, path, environment);
  }

  public Path path() {
    return path;
  }

  /** See {@link FsOps#expect}. One process carries out all the scripts of a place. */
  public void expect(String script) {
    ops.expect(script);
  }

  /** See {@link FsOps#ask}. */
  public String ask(String operation) {
    return ops.ask(operation);
  }

  /** Ends the process that carries out operations, and with it all that it has open. */
  public void restart() {
    ops.close();
    ops = new FsOps(namespace, fsops, path, environment);
  }

  /** One more process that carries out operations in this place. */
  public FsOps another(Path below) {
    return new FsOps(namespace, fsops, path.resolve(below), environment);
  }

  /** Runs a shell script here, which stops at the first command that fails. */
  public Outcome shell(String script) {
    return run("sh", "-ec", script);
  }

  public Outcome run(String... command) {
    try (Child child = Child.start(namespace, path, environment, List.of(command))) {
      return child.await(DEADLINE);
    }
  }

  /**
   * All that is here, a line for each name: its path, type, mode, links, owner, size, time and
   * content.
   */
  public String dump() {
    return dump(".");
  }

  /** The same of what is below a directory. */
  public String dump(String directory) {
    return run(fsops.toString(), "--dump", directory).ok().out();
  }

  @Override
  public void close() {
    if (!closed) {
      closed = true;
      ops.close();
      ending.run();
    }
  }
}
