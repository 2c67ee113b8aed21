package build.inputfs.it.daemon;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import build.inputfs.app.proto.ListViewsRequest;
import build.inputfs.it.harness.BlobName;
import build.inputfs.it.harness.Child;
import build.inputfs.it.harness.InputTree;
import build.inputfs.it.harness.Machine;
import build.inputfs.it.harness.Outcome;
import build.inputfs.it.harness.ProcFs;
import build.inputfs.it.harness.Strategy;
import build.inputfs.it.harness.Trees;
import build.inputfs.it.harness.Workbench;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Objects;
import java.util.concurrent.TimeUnit;
import java.util.function.Predicate;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.RegisterExtension;

/**
 * The daemon and clients that are processes of their own: many at once, one that is killed, one in
 * another language. At full length with {@code -Dinputfs.it.daemonViews=100000}.
 */
@Timeout(value = 120, unit = TimeUnit.MINUTES)
class ClientsTest {
  private static final int VIEWS = Integer.getInteger("inputfs.it.daemonViews", 400);
  private static final int CLIENTS = 8;
  private static final int LEASED = 20;

  /** From so many views on the memory of the process says something. */
  private static final int MANY = 20_000;

  @RegisterExtension final Workbench bench = new Workbench();

  /** What the daemon holds at rest. */
  private record Holdings(long heap, long memory, long descriptors, long mounts, long scratches) {}

  @BeforeEach
  void needsFuse() {
    Machine.need(Strategy.FUSE);
  }

  @Test
  void manyViews_ofEightClients_leaveTheDaemonAsItWas() throws IOException {
    BlobName root = tree().putInto(bench.store());
    Server server = Server.start(bench);
    System.out.print(load(server, root, Math.max(VIEWS / 5, 160)));
    Holdings before = settled(server, there -> true);
    System.out.print(load(server, root, VIEWS));
    Holdings after = settled(server, there -> isNoMore(there, before));
    System.out.printf("before %s%nafter  %s%n", before, after);
    assertThat(after.mounts()).isEqualTo(before.mounts());
    // Scratches are kept ready, as many as there were views at once.
    assertThat(after.scratches()).isCloseTo(before.scratches(), within((long) CLIENTS));
    assertThat(after.descriptors()).isLessThanOrEqualTo(before.descriptors() + CLIENTS);
    assertThat(after.heap()).isLessThan(before.heap() + (1 << 20));
    if (VIEWS >= MANY) {
      assertThat((double) after.memory()).isBetween(before.memory() * 0.9, before.memory() * 1.1);
    }
  }

  @Test
  void client_whenKilled_losesItsViews() {
    BlobName root = Trees.mixed().putInto(bench.store());
    Server server = Server.start(bench);
    Child client =
        bench.keep(
            java(
                LeaseHolder.class,
                server.socket().toString(),
                root.toString(),
                Integer.toString(LEASED)));
    while (!client.out().endsWith("ready\n")) {
      if (!client.isAlive()) {
        throw new AssertionError("the client failed: " + client.await(Server.PATIENCE));
      }
      Workbench.pause();
    }
    List<String> paths = client.out().lines().filter(line -> line.startsWith("/")).toList();
    assertThat(ProcFs.mountsBelow(server.scratch())).containsAll(paths);
    client.signal("KILL");
    long killed = System.nanoTime();
    long deadline = killed + Server.PATIENCE.toNanos();
    while (paths.stream().anyMatch(path -> !ProcFs.mountsBelow(Path.of(path)).isEmpty())) {
      assertThat(System.nanoTime()).isLessThan(deadline);
      Workbench.pause();
    }
    System.out.printf(
        Locale.ROOT,
        "%d views of a killed client were gone after %.0f ms%n",
        LEASED,
        (System.nanoTime() - killed) / 1e6);
    while (server.views().listViews(ListViewsRequest.getDefaultInstance()).getViewsCount() > 0) {
      assertThat(System.nanoTime()).isLessThan(deadline);
      Workbench.pause();
    }
  }

  @Test
  void client_inPython_needsNothingButThePublishedMessages() throws IOException {
    String python = "/usr/bin/python3";
    Machine.needProgram("protoc");
    Machine.needProgram("grpc_python_plugin");
    Machine.need(
        Child.run(bench.folder(), Server.PATIENCE, List.of(python, "-c", "import grpc")).exit()
            == 0,
        "python3-grpcio is not installed");
    BlobName root = Trees.mixed().putInto(bench.store());
    Server server = Server.start(bench);
    Path generated = bench.directory("generated");
    Path repository = Path.of("").toAbsolutePath();
    while (!Files.exists(repository.resolve("src/main/protobuf"))) {
      repository = Objects.requireNonNull(repository.getParent(), "no published messages");
    }
    Child.run(
            repository,
            Server.PATIENCE,
            List.of(
                "protoc",
                "-Isrc/main/protobuf",
                "-Icas/src/main/protobuf",
                "--python_out=" + generated,
                "--grpc_out=" + generated,
                "--plugin=protoc-gen-grpc=/usr/bin/grpc_python_plugin",
                "inputfs/v1/views.proto",
                "build/bazel/remote/execution/v2/remote_execution.proto"))
        .ok();
    Path script = bench.folder().resolve("client.py");
    try (InputStream resource = ClientsTest.class.getResourceAsStream("client.py")) {
      Files.copy(Objects.requireNonNull(resource, "client.py"), script);
    }
    Outcome outcome =
        Child.run(
            generated,
            Server.PATIENCE,
            bench.environment(),
            List.of(
                python,
                script.toString(),
                server.socket().toString(),
                root.hash(),
                Long.toString(root.size())));
    assertThat(outcome.ok().out()).endsWith("done\n");
  }

  private String load(Server server, BlobName root, int views) {
    try (Child client =
        java(
            LoadClient.class,
            server.socket().toString(),
            root.toString(),
            Integer.toString(CLIENTS),
            Integer.toString(views))) {
      return client.await(Server.PATIENCE.multipliedBy(30)).ok().out();
    }
  }

  private Child java(Class<?> program, String... arguments) {
    List<String> command =
        new ArrayList<>(
            List.of(
                Path.of(System.getProperty("java.home"), "bin/java").toString(),
                "-XX:+UseSerialGC",
                "-XX:TieredStopAtLevel=1",
                "--enable-native-access=ALL-UNNAMED",
                "--sun-misc-unsafe-memory-access=allow",
                "-cp",
                System.getProperty("java.class.path"),
                program.getName()));
    command.addAll(List.of(arguments));
    return Child.start(bench.folder(), bench.environment(), command);
  }

  private static boolean isNoMore(Holdings after, Holdings before) {
    return after.mounts() == before.mounts()
        && Math.abs(after.scratches() - before.scratches()) <= CLIENTS
        && after.descriptors() <= before.descriptors() + CLIENTS
        && after.heap() < before.heap() + (1 << 20);
  }

  /**
   * What it holds when it has done what it does in the background, for which it may take its time:
   * as soon as it is as expected, or in the end whatever it is.
   */
  private Holdings settled(Server server, Predicate<Holdings> expected) throws IOException {
    long deadline = System.nanoTime() + Server.PATIENCE.toNanos();
    Holdings last = holdings(server);
    while (true) {
      pause();
      Holdings now = holdings(server);
      boolean rests =
          now.scratches() == last.scratches() && now.descriptors() == last.descriptors();
      if ((rests && expected.test(now)) || System.nanoTime() > deadline) {
        assertThat(rests).as("it comes to rest: %s, %s", last, now).isTrue();
        return now;
      }
      last = now;
    }
  }

  private Holdings holdings(Server server) throws IOException {
    String pid = Long.toString(server.process().pid());
    String jcmd = Path.of(System.getProperty("java.home"), "bin/jcmd").toString();
    String histogram =
        Child.run(bench.folder(), Server.PATIENCE, List.of(jcmd, pid, "GC.class_histogram"))
            .ok()
            .lastLine();
    String[] total = histogram.trim().split(" +", -1);
    long memory = 0;
    for (String line : Files.readAllLines(Path.of("/proc", pid, "status"))) {
      if (line.startsWith("VmRSS:")) {
        memory = Long.parseLong(line.replaceAll("\\D", "")) << 10;
      }
    }
    long scratches;
    try (var files = Files.walk(server.scratch(), 2)) {
      scratches = files.count();
    } catch (UncheckedIOException e) {
      scratches = -1; // something went meanwhile
    }
    return new Holdings(
        Long.parseLong(total[2]),
        memory,
        count(Path.of("/proc", pid, "fd")),
        ProcFs.mountsBelow(server.scratch()).size(),
        scratches);
  }

  private static long count(Path folder) throws IOException {
    try (var entries = Files.list(folder)) {
      return entries.count();
    }
  }

  private static void pause() {
    try {
      TimeUnit.SECONDS.sleep(2);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new AssertionError("interrupted", e);
    }
  }

  private static InputTree tree() {
    InputTree tree = new InputTree();
    for (int d = 0; d < 20; d++) {
      for (int f = 0; f < 50; f++) {
        tree.file("d%d/f%d".formatted(d, f), "content " + f);
      }
    }
    return tree;
  }
}
