package build.inputfs.app.bench;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;

/** What this machine is, as far as it matters for the figures. Stateless. */
final class Machine {
  private Machine() {}

  /**
   * Its properties, by name, for people.
   *
   * @param folder where the work is done
   */
  static Map<String, String> describe(Path folder) throws IOException {
    Map<String, String> machine = new LinkedHashMap<>();
    machine.put("processors", Integer.toString(Runtime.getRuntime().availableProcessors()));
    machine.put("memory", memory());
    machine.put("system", System.getProperty("os.name") + " " + System.getProperty("os.version"));
    machine.put("disk", Files.getFileStore(folder).type());
    machine.put("java", Runtime.version().toString());
    return machine;
  }

  private static String memory() throws IOException {
    for (String line : Files.readAllLines(Path.of("/proc/meminfo"))) {
      if (line.startsWith("MemTotal:")) {
        return (Long.parseLong(line.replaceAll("\\D", "")) >> 10) + " MB";
      }
    }
    return "unknown";
  }
}
