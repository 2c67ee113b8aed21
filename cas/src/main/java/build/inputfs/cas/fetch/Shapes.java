package build.inputfs.cas.fetch;

import build.inputfs.cas.tree.InputDirectory;
import java.nio.charset.StandardCharsets;
import java.util.List;

/**
 * What actions that read the same files have in common: their command, and the names at the top of
 * their trees.
 *
 * @param exact of the same command on trees that look alike
 * @param alike of commands with the same program and options, whatever their other arguments are
 */
record Shapes(String exact, String alike) {

  static Shapes of(List<String> command, InputDirectory root) {
    StringBuilder tree = new StringBuilder();
    for (int i = 0; i < root.size(); i++) {
      tree.append(root.kind(i)).append(new String(root.name(i), StandardCharsets.UTF_8));
      tree.append('/');
    }
    StringBuilder exact = new StringBuilder("exact\0").append(tree);
    StringBuilder alike = new StringBuilder("alike\0").append(tree);
    for (int i = 0; i < command.size(); i++) {
      String argument = command.get(i);
      exact.append('\0').append(argument);
      if (i == 0 || argument.startsWith("-")) {
        int value = argument.indexOf('=');
        alike.append('\0').append(value < 0 ? argument : argument.substring(0, value));
      }
    }
    return new Shapes(exact.toString(), alike.toString());
  }
}
