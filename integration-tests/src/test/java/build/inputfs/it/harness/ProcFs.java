package build.inputfs.it.harness;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/** What the kernel tells of mounts and processes, read without touching a mount. */
public final class ProcFs {
  private static final Path PROC = Path.of("/proc");

  private ProcFs() {}

  /** The mount points at and below a folder. */
  public static List<String> mountsBelow(Path folder) {
    return mountsBelow(folder, "self");
  }

  /** The mount points at and below a folder, as a process sees them. */
  static List<String> mountsBelow(Path folder, String process) {
    try {
      return Files.readAllLines(
              PROC.resolve(process).resolve("mountinfo"), StandardCharsets.ISO_8859_1)
          .stream()
          .map(line -> line.split(" ", -1)[4].replace("\\040", " "))
          .filter(point -> point.equals(folder.toString()) || point.startsWith(folder + "/"))
          .toList();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** The processes, this one aside, whose environment or arguments mention a text. */
  public static List<String> processesMentioning(String text) {
    List<String> found = new ArrayList<>();
    try (DirectoryStream<Path> all = Files.newDirectoryStream(PROC, "[0-9]*")) {
      for (Path process : all) {
        if (Long.parseLong(process.getFileName().toString()) == ProcessHandle.current().pid()) {
          continue;
        }
        String arguments = readOrNothing(process.resolve("cmdline"));
        if (arguments.contains(text) || readOrNothing(process.resolve("environ")).contains(text)) {
          found.add(process.getFileName() + " " + arguments.replace('\0', ' '));
        }
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    return found;
  }

  /** The function in the kernel that a process waits in. */
  public static String waitChannel(long pid) {
    return readOrNothing(PROC.resolve(pid + "/wchan"));
  }

  /** Empty for what is gone or not ours to read. */
  private static String readOrNothing(Path file) {
    try {
      return Files.readString(file, StandardCharsets.ISO_8859_1);
    } catch (IOException e) {
      return "";
    }
  }
}
