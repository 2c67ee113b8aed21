package build.inputfs.it.cli;

import static org.assertj.core.api.Assertions.assertThat;

import build.inputfs.it.harness.Child;
import build.inputfs.it.harness.Machine;
import build.inputfs.it.harness.Strategy;
import build.inputfs.it.harness.Trees;
import build.inputfs.it.harness.Workbench;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** What the program asks of its own mounts, as strace(1) sees it. */
@Timeout(value = 20, unit = TimeUnit.MINUTES)
class OwnMountsTest {
  private static final String UNFINISHED = " <unfinished ...>";
  private static final Pattern RESUMED = Pattern.compile("<\\.\\.\\. \\w+ resumed>");
  private static final Pattern MOUNT = Pattern.compile(" mount\\(\"inputfs[^\"]*\", \"([^\"]+)\"");

  @RegisterExtension final Workbench bench = new Workbench();

  @ParameterizedTest
  @EnumSource(names = {"FUSE", "OVERLAY"})
  void invariant16_run_touchesNothingUnderItsMounts(Strategy strategy) throws IOException {
    Machine.need(strategy);
    Machine.needProgram("strace");
    Path trace = bench.folder().resolve("trace");
    List<String> command =
        new ArrayList<>(List.of("strace", "-f", "-y", "-e", "trace=%file,%desc", "-o", "" + trace));
    command.addAll(
        bench.command(
            "run",
            "--strategy",
            strategy.option(),
            "--cas",
            bench.store().folder().toString(),
            "--root",
            Trees.mixed().putInto(bench.store()).toString(),
            "--output",
            "out",
            "--output",
            "dir",
            "--",
            "sh",
            "-c",
            "pwd; cat input.txt big > out; echo x > dir/sub/new; ls -lR > /dev/null"));
    String view =
        Child.run(bench.folder(), Duration.ofMinutes(5), bench.programEnvironment(), command)
            .ok()
            .out()
            .lines()
            .findFirst()
            .orElseThrow();

    List<String> calls = whole(Files.readAllLines(trace, StandardCharsets.ISO_8859_1));
    Set<String> children = new HashSet<>();
    for (String call : calls) {
      if (call.contains(" execve(")) {
        children.add(threadOf(call));
      }
    }
    assertThat(children).hasSizeGreaterThan(2);
    children.remove(threadOf(calls.getFirst()));
    List<String> own = calls.stream().filter(call -> !children.contains(threadOf(call))).toList();
    Set<String> mounts = new HashSet<>();
    for (String call : own) {
      Matcher mount = MOUNT.matcher(call);
      if (mount.find()) {
        mounts.add(mount.group(1));
      }
    }
    assertThat(mounts).contains(view).hasSize(strategy == Strategy.OVERLAY ? 2 : 1);
    for (String path : mounts) {
      String quoted = '"' + path;
      int from = find(own, 0, "\", " + quoted + "\", \"");
      int to = find(own, from, " umount2(");
      assertThat(own.subList(from + 1, to))
          .filteredOn(call -> call.contains(quoted) || call.contains('<' + path))
          .allMatch(call -> asksNobody(call, path));
    }
  }

  /** The calls, of which strace(1) prints two parts when another thread's comes between. */
  private static List<String> whole(List<String> lines) {
    List<String> calls = new ArrayList<>();
    Map<String, String> begun = new HashMap<>();
    for (String line : lines) {
      String thread = threadOf(line);
      Matcher end = RESUMED.matcher(line);
      if (line.endsWith(UNFINISHED)) {
        begun.put(thread, line.substring(0, line.length() - UNFINISHED.length()));
      } else if (end.find()) {
        calls.add(begun.remove(thread) + line.substring(end.end()));
      } else {
        calls.add(line);
      }
    }
    calls.addAll(begun.values()); // those of threads that have ended meanwhile
    return calls;
  }

  /** Whether a call takes the mount point as a place, for which no server is asked. */
  private static boolean asksNobody(String call, String path) {
    return (call.contains('"' + path + "\", ") && call.contains("O_PATH"))
        || call.contains('<' + path + ">, \"\", AT_STATX_DONT_SYNC|AT_EMPTY_PATH, STATX_MNT_ID")
        || call.matches("\\d+ +close\\(.*");
  }

  private static int find(List<String> calls, int from, String text) {
    for (int i = from; i < calls.size(); i++) {
      if (calls.get(i).contains(text)) {
        return i;
      }
    }
    throw new AssertionError("there is no " + text);
  }

  private static String threadOf(String call) {
    return call.substring(0, call.indexOf(' '));
  }
}
