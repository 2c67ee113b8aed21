package build.inputfs.it.harness;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.FileVisitResult;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.SimpleFileVisitor;
import java.nio.file.attribute.BasicFileAttributes;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.extension.AfterEachCallback;
import org.junit.jupiter.api.extension.BeforeEachCallback;
import org.junit.jupiter.api.extension.ExtensionContext;

/**
 * One test's folder, store, places and child processes. When the test ends, however it ends, it
 * takes all of them away, and fails the test if the program left a mount, a process or a file
 * behind.
 *
 * <p>Register it as a field of a test class. Used by the test's thread.
 */
public final class Workbench implements BeforeEachCallback, AfterEachCallback {
  /** In the environment of all that a test starts, so that it can be told from other processes. */
  private static final String MARK = "INPUTFS_TEST_FOLDER";

  private static final String DISK = "disk";
  private static final String SCRATCH = "--scratch";

  private static final ExtensionContext.Namespace SHARED =
      ExtensionContext.Namespace.create(Workbench.class);
  private static final Duration PATIENCE = Duration.ofMinutes(2);

  private final Deque<AutoCloseable> open = new ArrayDeque<>();
  private int made;
  private @Nullable Namespace namespace;
  private @Nullable Path folder;
  private @Nullable Disk disk;
  private @Nullable Toolbox toolbox;
  private boolean asOtherUser;

  @Override
  public void beforeEach(ExtensionContext context) throws IOException {
    toolbox =
        context
            .getRoot()
            .getStore(SHARED)
            .computeIfAbsent(Toolbox.class, key -> Toolbox.make(), Toolbox.class);
    Path base = Path.of(System.getProperty("java.io.tmpdir"));
    folder = Files.createTempDirectory(base, "inputfs-it-").toRealPath();
    Files.setPosixFilePermissions(folder, PosixFilePermissions.fromString("rwxr-xr-x"));
    Files.createDirectory(folder.resolve("tmp"));
  }

  @Override
  public void afterEach(ExtensionContext context) throws Exception {
    List<String> left = new ArrayList<>();
    while (!open.isEmpty()) {
      try {
        open.pop().close();
      } catch (Exception | AssertionError e) {
        left.add(e.toString());
      }
    }
    left.addAll(leftovers());
    for (String mount : ProcFs.mountsBelow(folder())) {
      Child.run(Path.of("/"), PATIENCE, List.of("umount", "-l", mount));
    }
    for (String process : ProcFs.processesMentioning(folder().toString())) {
      ProcessHandle.of(Long.parseLong(process.substring(0, process.indexOf(' '))))
          .ifPresent(ProcessHandle::destroyForcibly);
    }
    deleteTree(folder());
    if (!left.isEmpty()) {
      throw new AssertionError("left behind: " + String.join("\n", left));
    }
  }

  /** This test's own folder. */
  public Path folder() {
    if (folder == null) {
      throw new IllegalStateException("only while a test runs");
    }
    return folder;
  }

  /**
   * Has the program run by whoever has such views, to whom all belongs that this makes; skips the
   * test where the machine cannot.
   */
  public void actFor(Strategy strategy) {
    need(strategy);
    asOtherUser = strategy == Strategy.OVERLAY_USER;
    handOver(folder());
  }

  /** A new directory in this test's folder. */
  public Path directory(String name) {
    try {
      return handOver(Files.createDirectory(folder().resolve(name)));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /**
   * Makes a disk, and has this test's store, places and scratches on it from now on; skips the test
   * where the machine cannot.
   */
  public void use(Disk kind) {
    String obstacle = kind.obstacle();
    Machine.need(obstacle.isEmpty(), obstacle);
    Path point = directory(DISK);
    kind.mount(folder().resolve("image"), point);
    keep(() -> Disk.unmount(point));
    disk = kind;
  }

  /** A new folder on a disk of its own, of so many bytes; skips the test where there is none. */
  public Path small(Disk kind, long bytes) {
    String obstacle = kind.obstacle();
    Machine.need(obstacle.isEmpty(), obstacle);
    Path point = fresh("small");
    kind.mount(folder().resolve(point.getFileName() + ".image"), point, bytes);
    keep(() -> Disk.unmount(point));
    try {
      return handOver(Files.createDirectory(point.resolve("folder")));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** Skips where a strategy does not work; has the disk that it needs from now on. */
  public void need(Strategy strategy) {
    Machine.need(strategy);
    if (strategy == Strategy.CLONE && disk == null) {
      use(Disk.XFS);
    }
  }

  /** A new directory on this test's disk, whose name begins as asked. */
  public Path fresh(String prefix) {
    try {
      return handOver(Files.createDirectory(home().resolve(prefix + "-" + ++made)));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** This test's store. */
  public TestStore store() {
    return new TestStore(handOver(home().resolve("store")));
  }

  private Path home() {
    return disk != null ? folder().resolve(DISK) : folder();
  }

  /** The program that carries out file operations. */
  public Path fsops() {
    return toolbox().fsops();
  }

  /** What each child of a test has in its environment. */
  public Map<String, String> environment() {
    return Map.of(MARK, folder().toString());
  }

  /** What the program has in its environment: folders of this test for all that it keeps. */
  public Map<String, String> programEnvironment() {
    return Map.of(
        MARK,
        folder().toString(),
        "INPUTFS_CONFIG",
        "",
        // Nobody listens there, whatever daemons this machine has.
        "INPUTFS_SOCKET",
        folder().resolve("no-daemon.sock").toString(),
        "XDG_CACHE_HOME",
        cache().toString(),
        "TMPDIR",
        temporary());
  }

  /** The folder that holds what the program keeps unless told otherwise, its default store too. */
  public Path cache() {
    return folder().resolve("cache");
  }

  private String temporary() {
    return folder().resolve("tmp").toString();
  }

  /** What the program has left: mounts, processes, mount points and what was written in views. */
  public List<String> leftovers() {
    List<String> left = new ArrayList<>();
    ProcFs.mountsBelow(folder()).forEach(mount -> left.add("a mount at " + mount));
    ProcFs.processesMentioning(folder().toString()).forEach(p -> left.add("a process: " + p));
    Path scratch = cache().resolve("inputfs/scratch");
    for (Path kept : List.of(folder().resolve("tmp"), scratch)) {
      if (Files.isDirectory(kept)) {
        try (var files = Files.list(kept)) {
          files.forEach(file -> left.add("a file: " + file));
        } catch (IOException e) {
          throw new UncheckedIOException(e);
        }
      }
    }
    return left;
  }

  /** The program and its arguments, for starting it by other means than {@link #start}. */
  public List<String> command(String... arguments) {
    List<String> command = new ArrayList<>();
    if (asOtherUser) {
      store(); // which is the user's with all that has come to it
      command.add(toolbox().asOtherUser().toString());
      command.add(Integer.toString(Machine.OTHER_USER));
    }
    command.addAll(toolbox().program());
    command.addAll(List.of(arguments));
    return command;
  }

  /** Makes a folder with a tree in it, as somebody has it who wants to import it. */
  public Path source(InputTree tree) {
    Path source = fresh("source");
    make(source, tree.scriptAsSource());
    return handOver(source);
  }

  /** Makes a place with a tree in it; skips the test where the machine cannot. */
  public Place place(Strategy strategy, InputTree tree) {
    need(strategy);
    return switch (strategy) {
      case REFERENCE -> copy(strategy, tree);
      case FUSE, FUSE_JNR, OVERLAY, HARDLINK, CLONE, COPY -> mount(strategy, tree.putInto(store()));
      case FUSE_CACHED, OVERLAY_USER ->
          mount(strategy, namespace(), tree.putInto(store()), List.of());
    };
  }

  /** Mounts a tree of the store. */
  public Place mount(Strategy strategy, BlobName root, String... options) {
    Namespace where = strategy.isInNamespace() ? namespace() : Namespace.OWN;
    return mount(strategy, where, root, List.of(options));
  }

  private Place mount(Strategy strategy, Namespace namespace, BlobName root, List<String> options) {
    Path point = fresh("view");
    List<String> command =
        command(
            "mount",
            root.toString(),
            point.toString(),
            "--strategy",
            strategy.option(),
            "--cas",
            store().folder().toString());
    if (!options.contains(SCRATCH)) {
      command.addAll(List.of(SCRATCH, fresh("scratch").toString()));
    }
    command.addAll(strategy.options());
    command.addAll(options);
    Child server = keep(Child.start(namespace, folder(), programEnvironment(), command));
    awaitMount(namespace, server, point);
    return keep(
        new Place(
            namespace, point, fsops(), environment(strategy), () -> end(namespace, server, point)));
  }

  /** This test's namespace without the machine's root, made when it is first needed. */
  private Namespace namespace() {
    Namespace there = namespace;
    if (there == null) {
      there = keep(Namespace.make(environment()));
      namespace = there;
    }
    return there;
  }

  /** Runs the program to its end. */
  public Outcome inputfs(String... arguments) {
    return start(List.of(arguments)).await(PATIENCE.multipliedBy(3));
  }

  /** Runs {@code inputfs run} over a tree of the store, to its end. */
  public Outcome run(Strategy strategy, String root, String... more) {
    return inputfs(runOf(strategy, root, more).toArray(String[]::new));
  }

  /**
   * The arguments of a run over a tree of the store.
   *
   * @param more what follows: options, {@code --} and the command
   */
  public List<String> runOf(Strategy strategy, String root, String... more) {
    List<String> arguments = new ArrayList<>(List.of("run", "--strategy", strategy.option()));
    arguments.addAll(List.of("--cas", store().folder().toString(), "--root", root));
    arguments.addAll(List.of(more));
    return arguments;
  }

  /** Starts the program; it is killed at the test's end if it still runs. */
  public Child start(List<String> arguments) {
    return keep(
        Child.start(folder(), programEnvironment(), command(arguments.toArray(String[]::new))));
  }

  /** Waits until a server has mounted. */
  public void awaitMount(Child server, Path point) {
    awaitMount(Namespace.OWN, server, point);
  }

  private static void awaitMount(Namespace namespace, Child server, Path point) {
    long deadline = System.nanoTime() + PATIENCE.toNanos();
    while (!server.out().endsWith("\n") || namespace.mountsBelow(point).isEmpty()) {
      if (!server.isAlive()) {
        throw new AssertionError("no mount came: " + server.await(PATIENCE));
      }
      if (System.nanoTime() > deadline) {
        throw new AssertionError("no mount in " + PATIENCE + ": " + server.out() + server.err());
      }
      pause();
    }
  }

  /** Has something closed when the test ends, the last first. */
  public <T extends AutoCloseable> T keep(T resource) {
    open.push(resource);
    return resource;
  }

  /** Lets others run while a test waits for what they do. */
  public static void pause() {
    try {
      Thread.sleep(5);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new AssertionError("interrupted", e);
    }
  }

  /** Makes a private copy on the native disk, which tells of itself what such a view can tell. */
  public Place copy(Strategy comparedWith, InputTree tree) {
    Path copy = fresh("copy");
    make(copy, tree.scriptAsCopy());
    Namespace there = comparedWith.isInNamespace() ? namespace() : Namespace.OWN;
    return keep(new Place(there, copy, fsops(), environment(comparedWith), () -> {}));
  }

  /** The environment of what looks at a place. */
  private Map<String, String> environment(Strategy strategy) {
    Map<String, String> environment = new HashMap<>(environment());
    boolean counts = disk == null || disk.countsDirectoryLinks();
    if (!strategy.countsDirectoryLinks() || !counts) {
      environment.put(FsOps.HIDE_DIRECTORY_LINKS, "yes");
    }
    if (!strategy.hasInputsOfItsOwn()) {
      environment.put(FsOps.HIDE_SHARED, "yes");
    }
    return environment;
  }

  /** Gives what is there to the user who runs the program, where that is not this one. */
  private Path handOver(Path path) {
    if (asOtherUser && Files.exists(path)) {
      String owner = "%1$d:%1$d".formatted(Machine.OTHER_USER);
      Child.run(Path.of("/"), PATIENCE, List.of("chown", "-hR", owner, path.toString())).ok();
    }
    return path;
  }

  private void make(Path directory, String script) {
    try (FsOps ops = new FsOps(fsops(), directory, environment())) {
      ops.make("umask 0\n" + script);
    }
  }

  private static void end(Namespace namespace, Child server, Path point) {
    if (!server.isAlive()) {
      throw new AssertionError("the server ended by itself: " + server.await(PATIENCE));
    }
    server.signal("TERM");
    server.await(PATIENCE);
    if (!namespace.mountsBelow(point).isEmpty()) {
      throw new AssertionError("the server ended and left its mount: " + server.err());
    }
  }

  private Toolbox toolbox() {
    if (toolbox == null) {
      throw new IllegalStateException("only while a test runs");
    }
    return toolbox;
  }

  private static void deleteTree(Path top) throws IOException {
    Files.walkFileTree(
        top,
        new SimpleFileVisitor<>() {
          @Override
          public FileVisitResult visitFile(Path file, BasicFileAttributes attributes)
              throws IOException {
            Files.delete(file);
            return FileVisitResult.CONTINUE;
          }

          @Override
          public FileVisitResult postVisitDirectory(Path directory, @Nullable IOException failure)
              throws IOException {
            Files.delete(directory);
            return FileVisitResult.CONTINUE;
          }
        });
  }
}
