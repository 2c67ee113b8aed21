package build.inputfs.app.cli;

import build.inputfs.app.manual.Overview;

/** What the program says of itself as a whole. Stateless. */
final class Help {
  private static final String PURPOSE =
      "Presents the input tree of a build action as a directory to run it in.";

  private static final String ROOTS =
      """
      A ROOT is the digest of a directory or a file: hash/size, hash-size, hash:size or a resource
      name of the Remote Execution API (…/blobs/hash/size). What is in the store needs no size.
      """;

  private static final String EXIT_CODES =
      "0 done; 1 the answer is no; 2 wrong usage; 125 inputfs itself failed";

  private Help() {}

  static String text() {
    StringBuilder text =
        new StringBuilder("Usage: inputfs COMMAND [OPTION...] [ARGUMENT...]\n\n")
            .append(PURPOSE)
            .append("\n\nCommands:\n");
    for (Command command : Command.listed()) {
      text.append("  %-11s  %s%n".formatted(command.label(), command.purpose()));
    }
    return text.append(
            """

            inputfs COMMAND --help tells more about each.
            inputfs --version prints the version.

            """)
        .append(ROOTS)
        .append("\nExit codes: ")
        .append(EXIT_CODES)
        .append(";\n`run` ends with the code of its command, see inputfs run --help.\n")
        .toString();
  }

  /** The same for the manual. */
  static Overview overview(String version) {
    return new Overview(
        "inputfs " + version,
        "input trees of build actions as directories to run them in",
        PURPOSE,
        ROOTS.strip().replace('\n', ' '),
        EXIT_CODES + ".");
  }
}
