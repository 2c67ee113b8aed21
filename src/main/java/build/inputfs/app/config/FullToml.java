package build.inputfs.app.config;

import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.tomlj.Toml;
import org.tomlj.TomlParseError;
import org.tomlj.TomlParseResult;
import org.tomlj.TomlPosition;
import org.tomlj.TomlTable;

/** Reads any TOML, and tells what is wrong with what is none. Stateless. */
final class FullToml {
  private FullToml() {}

  /**
   * What is in the file.
   *
   * @param file its name, for messages
   * @throws IOException when it is no TOML; the message says where
   */
  static List<Entry> read(Path file, String text) throws IOException {
    TomlParseResult parsed = Toml.parse(text);
    if (parsed.hasErrors()) {
      TomlParseError first = parsed.errors().getFirst();
      throw new IOException(
          "%s:%d: %s".formatted(file, first.position().line(), first.getMessage()));
    }
    List<Entry> entries = new ArrayList<>();
    for (String name : parsed.keySet()) {
      Object value = parsed.get(List.of(name));
      if (value instanceof TomlTable table) {
        for (String label : table.keySet()) {
          entries.add(entry(parsed, List.of(name, label), name, label));
        }
      } else {
        entries.add(entry(parsed, List.of(name), "", name));
      }
    }
    return entries;
  }

  private static Entry entry(
      TomlParseResult parsed, List<String> path, String table, String label) {
    TomlPosition position = parsed.inputPositionOf(path);
    Object value = parsed.get(path);
    return new Entry(
        table, label, value == null ? List.of() : value, position == null ? 1 : position.line());
  }
}
