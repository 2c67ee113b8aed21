package build.inputfs.app.run;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import build.inputfs.app.run.Replay.Row;
import build.inputfs.app.run.Replay.Verdict;
import build.inputfs.cache.view.OutputCollector;
import build.inputfs.cache.view.ViewFailure;
import build.inputfs.cas.digest.Digest;
import build.inputfs.cas.digest.DigestFunction;
import build.inputfs.cas.posix.Posix;
import build.inputfs.cas.posix.Processes;
import build.inputfs.cas.posix.Processes.Redirect;
import build.inputfs.cas.posix.Signals;
import build.inputfs.cas.proto.Action;
import build.inputfs.cas.proto.ActionResult;
import build.inputfs.cas.proto.Command;
import build.inputfs.cas.proto.Command.EnvironmentVariable;
import build.inputfs.cas.proto.Digests;
import build.inputfs.cas.proto.Directory;
import build.inputfs.cas.proto.DirectoryNode;
import build.inputfs.cas.proto.FileNode;
import build.inputfs.cas.proto.OutputFile;
import build.inputfs.cas.store.LocalStore;
import build.inputfs.cas.store.MissingBlobException;
import build.inputfs.cas.store.StoreAccess;
import build.inputfs.cas.tree.TreeReader;
import com.google.protobuf.Duration;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

@Timeout(value = 2, unit = TimeUnit.MINUTES)
final class ReplayTest {
  private static final Posix POSIX = Posix.load();
  private static final Digest HELLO = DigestFunction.SHA256.digest(bytes("hello\n"));

  private final Interruption interruption = new Interruption();

  @TempDir private Path folder;
  private Path mountPoints;
  private LocalStore recordings;
  private LocalStore results;
  private Digest root;

  @BeforeEach
  void record() throws IOException {
    mountPoints = Files.createDirectory(folder.resolve("mounts"));
    recordings = open("recordings");
    results = open("results");
    Digest input = recordings.put(bytes("hello\n"));
    Digest below =
        recordings.put(
            Directory.newBuilder()
                .addFiles(FileNode.newBuilder().setName("in").setDigest(Digests.toProto(input)))
                .build());
    root =
        recordings.put(
            Directory.newBuilder()
                .addDirectories(
                    DirectoryNode.newBuilder().setName("dir").setDigest(Digests.toProto(below)))
                .build());
  }

  @AfterEach
  void nothingIsLeft() throws IOException {
    assertThat(mountPoints).isEmptyDirectory();
    recordings.close();
    results.close();
  }

  @Test
  void run_whenTheOutputsAreTheSame_saysSo() throws IOException {
    Digest action = record(command("cat in > deep/out; echo $A > env").build(), HELLO);

    Row row = run(action);

    assertThat(row.verdict()).as("%s", row.details()).isEqualTo(Verdict.SAME);
    assertThat(row.command()).isEqualTo("sh");
    assertThat(row.files()).isEqualTo(1);
    assertThat(results.contains(HELLO)).isTrue();
  }

  @Test
  void run_whenAnOutputDiffers_saysWhich() throws IOException {
    Digest action = record(command("echo other > deep/out; echo $A > env").build(), HELLO);

    Row row = run(action);

    assertThat(row.verdict()).isEqualTo(Verdict.DIFFERS);
    assertThat(row.details()).singleElement().asString().startsWith("deep/out: file ");
  }

  @Test
  void run_whenTheExitCodeDiffers_saysSo() throws IOException {
    Digest action = record(command("cat in > deep/out; echo $A > env; exit 4").build(), HELLO);

    assertThat(run(action).details()).containsExactly("exit code 4 instead of 0");
  }

  @Test
  void run_whenTheCommandCannotStart_fails() throws IOException {
    Digest action = record(command("").setArguments(0, "no-such-command").build(), HELLO);

    Row row = run(action);

    assertThat(row.verdict()).isEqualTo(Verdict.FAILED);
    assertThat(row.details()).singleElement().asString().contains("no-such-command");
  }

  @Test
  void run_whenTheActionsTimeIsOver_fails() throws IOException {
    Digest action =
        record(
            command("sleep 90").build(),
            HELLO,
            Duration.newBuilder().setNanos(200_000_000).build());

    assertThat(run(action).details()).containsExactly("the command was ended: its time was over");
  }

  @Test
  void run_whenTheViewFails_saysWhatItLacked() throws IOException {
    Digest action = record(command("exit 1").build(), HELLO);
    ViewFailure failure =
        ViewFailure.of("open", "dir/in", HELLO, new MissingBlobException(HELLO, "not there"));

    Row row = replay(List.of(failure)).run(action.hex());

    assertThat(row.verdict()).isEqualTo(Verdict.FAILED);
    assertThat(row.details()).containsExactly(failure.toString());
  }

  @Test
  void run_whenAnInputIsMissing_fails() throws IOException {
    Digest action = record(command("true").build(), HELLO);
    Files.delete(recordings.locate(HELLO, false));

    Row row = run(action);

    assertThat(row.verdict()).isEqualTo(Verdict.FAILED);
    assertThat(row.details()).singleElement().asString().startsWith("missing blob blobs/" + HELLO);
  }

  @Test
  void run_whenTheActionIsNotInTheStore_fails() {
    Row row = replay(List.of()).run("0".repeat(64));

    assertThat(row.verdict()).isEqualTo(Verdict.FAILED);
    assertThat(row.details()).singleElement().asString().contains("0".repeat(64));
  }

  @Test
  void run_whenTheActionHasNoResult_fails() throws IOException {
    Digest action = recordings.put(action(command("true").build(), Duration.getDefaultInstance()));

    assertThat(run(action).details()).containsExactly("there is no recorded result of this action");
  }

  @Test
  void run_whenAnOutputLeavesTheTree_fails() throws IOException {
    Digest action = record(command("true").addOutputPaths("../../x").build(), HELLO);

    assertThat(run(action).details()).singleElement().asString().contains("'../../x' leads out");
  }

  @Test
  void run_whenTheWorkingDirectoryIsMissing_fails() throws IOException {
    Digest action =
        record(command("true").setWorkingDirectory("nowhere").clearOutputPaths().build(), HELLO);

    assertThat(run(action).details())
        .containsExactly("the working directory 'nowhere' is not a directory of the input tree");
  }

  @Test
  void run_whenASignalCame_stops() throws IOException {
    Digest action = record(command("true").build(), HELLO);
    interruption.signal(Signals.TERM);

    assertThatThrownBy(() -> run(action)).isInstanceOf(StoppedException.class);
  }

  private Row run(Digest action) {
    return replay(List.of()).run(action.hex());
  }

  private Replay replay(List<ViewFailure> failures) {
    TreeReader trees = new TreeReader(recordings, TreeReader.DEFAULT_CACHE_BYTES);
    Path nothing = Path.of("/dev/null");
    JobRunner jobs =
        new JobRunner(
            POSIX,
            new CopyStrategy(recordings, trees, failures),
            new CommandRunner(Processes.load(), interruption, CommandRunner.GRACE),
            new OutputCollector(recordings, results),
            interruption,
            mountPoints);
    List<Redirect> silence = List.of(new Redirect.To(1, nothing), new Redirect.To(2, nothing));
    return new Replay(recordings, recordings, trees, results, jobs::run, silence);
  }

  /** Runs in {@code dir} and makes {@code dir/deep/out} and {@code dir/env}. */
  private static Command.Builder command(String script) {
    return Command.newBuilder()
        .addArguments("sh")
        .addArguments("-c")
        .addArguments(script)
        .addEnvironmentVariables(EnvironmentVariable.newBuilder().setName("A").setValue("value"))
        .addEnvironmentVariables(
            EnvironmentVariable.newBuilder().setName("PATH").setValue("/usr/bin:/bin"))
        .setWorkingDirectory("dir")
        .addOutputPaths("deep/out")
        .addOutputPaths("env");
  }

  private Digest record(Command command, Digest out) throws IOException {
    return record(command, out, Duration.getDefaultInstance());
  }

  private Digest record(Command command, Digest out, Duration timeout) throws IOException {
    Digest action = recordings.put(action(command, timeout));
    Digest env = DigestFunction.SHA256.digest(bytes("value\n"));
    recordings.putActionResult(
        action,
        ActionResult.newBuilder()
            .addOutputFiles(
                OutputFile.newBuilder().setPath("deep/out").setDigest(Digests.toProto(out)))
            .addOutputFiles(OutputFile.newBuilder().setPath("env").setDigest(Digests.toProto(env)))
            .build());
    return action;
  }

  private Action action(Command command, Duration timeout) throws IOException {
    Action.Builder action =
        Action.newBuilder()
            .setCommandDigest(Digests.toProto(recordings.put(command)))
            .setInputRootDigest(Digests.toProto(root));
    return timeout.equals(Duration.getDefaultInstance())
        ? action.build()
        : action.setTimeout(timeout).build();
  }

  private LocalStore open(String name) throws IOException {
    return LocalStore.open(
        folder.resolve(name),
        DigestFunction.SHA256,
        StoreAccess.READ_WRITE,
        folder.resolve("private"),
        POSIX);
  }

  private static byte[] bytes(String text) {
    return text.getBytes(StandardCharsets.UTF_8);
  }
}
