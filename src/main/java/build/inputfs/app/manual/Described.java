package build.inputfs.app.manual;

import picocli.CommandLine.Model.CommandSpec;

/**
 * A command, by what it says of itself.
 *
 * @param name how it is called on the command line
 * @param purpose what it does, in half a sentence
 * @param spec its options and arguments, and the texts of its help
 */
public record Described(String name, String purpose, CommandSpec spec) {
  /** The name of its manual page. */
  String page() {
    return "inputfs-" + name;
  }
}
