package build.inputfs.cas.posix;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import build.inputfs.cas.posix.Processes.Program;
import build.inputfs.cas.posix.Processes.Redirect;
import java.io.FileInputStream;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

@Timeout(value = 5, unit = TimeUnit.MINUTES)
final class ProcessesTest {
  private final Processes processes = Processes.load();

  @TempDir private Path folder;

  @Test
  void spawn_givesExactlyTheArgumentsOneByOne() throws IOException {
    String output = run("/usr/bin/printf", "printf", "<%s>", "", "a b", "é", "$HOME", "x\ny");

    assertThat(output).isEqualTo("<><a b><é><$HOME><x\ny>");
  }

  @Test
  void spawn_givesExactlyTheEnvironment() throws IOException {
    byte[] notUtf8 = {'B', '=', (byte) 0xff};

    Path out = folder.resolve("out");
    int pid =
        processes.spawn(
            new Program(
                "/usr/bin/env",
                List.of("env", "-0"),
                List.of("A=é=1".getBytes(UTF_8), notUtf8),
                folder,
                streamsTo(out)));

    assertThat(end(pid)).isZero();
    byte[] expected = Arrays.copyOf("A=é=1\0".getBytes(UTF_8), 11);
    System.arraycopy(notUtf8, 0, expected, 7, 3);
    assertThat(Files.readAllBytes(out)).isEqualTo(expected);
  }

  @Test
  void spawn_startsInTheDirectoryAndFindsTheProgramFromThere() throws IOException {
    Path script = folder.resolve("here.sh");
    Files.writeString(script, "#!/bin/sh\npwd -P\n");
    Files.setPosixFilePermissions(script, PosixFilePermissions.fromString("rwxr-xr-x"));

    assertThat(run("./here.sh", "here.sh")).isEqualTo(folder.toRealPath() + "\n");
  }

  @Test
  void spawn_leavesNoDescriptorOpenInTheChild() throws IOException {
    // The JDK opens files without close-on-exec.
    try (FileInputStream held = new FileInputStream("/etc/passwd")) {
      assertThat(held.getFD().valid()).isTrue();
      // The fourth is the directory that ls reads.
      assertThat(run("/bin/ls", "ls", "/proc/self/fd")).isEqualTo("0\n1\n2\n3\n");
    }
  }

  @Test
  void spawn_leavesNoSignalBlockedInTheChild() throws IOException {
    assertThat(run("/bin/grep", "grep", "SigBlk", "/proc/self/status"))
        .isEqualTo("SigBlk:\t0000000000000000\n");
  }

  @Test
  void spawn_sendsOneStreamWhereAnotherGoes() throws IOException {
    Path out = folder.resolve("out");
    int pid =
        processes.spawn(
            new Program(
                "/bin/sh",
                List.of("sh", "-c", "echo one; echo two >&2; echo three"),
                List.of(),
                folder,
                List.of(new Redirect.To(2, out), new Redirect.Like(1, 2))));

    assertThat(end(pid)).isZero();
    assertThat(out).hasContent("one\ntwo\nthree");
  }

  @Test
  void spawn_whenTheProgramIsMissing_saysEnoent() {
    assertThat(spawn("./missing")).isEqualTo(-Errnos.ENOENT);
  }

  @Test
  void spawn_whenTheDirectoryIsMissing_saysEnoent() {
    Program program =
        new Program("/bin/true", List.of("true"), List.of(), folder.resolve("missing"), List.of());

    assertThat(processes.spawn(program)).isEqualTo(-Errnos.ENOENT);
  }

  @Test
  void spawn_whenTheProgramIsNotExecutable_saysEacces() throws IOException {
    Files.writeString(folder.resolve("plain"), "#!/bin/sh\n");

    assertThat(spawn("./plain")).isEqualTo(-Errnos.EACCES);
  }

  @Test
  void spawn_whenTheProgramIsNoProgram_saysEnoexec() throws IOException {
    Path text = folder.resolve("text");
    Files.writeString(text, "no interpreter\n");
    Files.setPosixFilePermissions(text, PosixFilePermissions.fromString("rwxr-xr-x"));

    assertThat(spawn("./text")).isEqualTo(-Errnos.ENOEXEC);
  }

  @Test
  void reap_givesTheExitCodeAsShellsHaveIt() throws IOException {
    assertThat(end(spawn("/bin/sh", "sh", "-c", "exit 200"))).isEqualTo(200);
    assertThat(end(spawn("/bin/sh", "sh", "-c", "kill -TERM $$"))).isEqualTo(128 + 15);
  }

  @Test
  void reap_whenTheChildStillRuns_saysSo() throws IOException {
    int pid = spawn("/bin/sleep", "sleep", "1000");
    try {
      assertThat(processes.reap(pid)).isEqualTo(-1);
      assertThat(processes.hasChildren()).isTrue();
    } finally {
      processes.kill(pid, 9);
      assertThat(end(pid)).isEqualTo(128 + 9);
    }
    assertThat(processes.hasChildren()).isFalse();
  }

  @Test
  void awaitAny_whenThereIsNoChild_saysEchild() {
    assertThatThrownBy(processes::awaitAny)
        .isInstanceOfSatisfying(
            PosixException.class, e -> assertThat(e.errno()).isEqualTo(Errnos.ECHILD));
  }

  @Test
  void setSubreaper_makesDaemonsChildrenOfThisProcess() throws IOException {
    processes.setSubreaper(true);
    Path daemon = folder.resolve("daemon");

    int pid = spawn("/bin/sh", "sh", "-c", "setsid sleep 1000 & echo $! > " + daemon);
    int ended = processes.awaitAny();

    assertThat(ended).isEqualTo(pid);
    assertThat(processes.reap(pid)).isZero();
    int orphan = Integer.parseInt(Files.readString(daemon).strip());
    assertThat(processes.hasChildren()).isTrue();
    processes.kill(orphan, 9);
    assertThat(end(orphan)).isEqualTo(128 + 9);

    processes.setSubreaper(false);
    int parent = spawn("/bin/sh", "sh", "-c", "sleep 0 &");
    assertThat(end(parent)).isZero();
    assertThat(processes.hasChildren()).isFalse();
  }

  private int spawn(String file, String... arguments) {
    List<String> words = arguments.length == 0 ? List.of(file) : List.of(arguments);
    return processes.spawn(new Program(file, words, List.of(), folder, List.of()));
  }

  private int end(int pid) throws IOException {
    assertThat(pid).isPositive();
    assertThat(processes.awaitAny()).isEqualTo(pid);
    return processes.reap(pid);
  }

  /** What a program prints. */
  private String run(String file, String... arguments) throws IOException {
    Path out = folder.resolve("out");
    int pid =
        processes.spawn(new Program(file, List.of(arguments), List.of(), folder, streamsTo(out)));
    assertThat(end(pid)).isZero();
    return Files.readString(out);
  }

  private static List<Redirect> streamsTo(Path out) {
    return List.of(
        new Redirect.From(0, Path.of("/dev/null")),
        new Redirect.To(1, out),
        new Redirect.To(2, Path.of(out + ".err")));
  }
}
