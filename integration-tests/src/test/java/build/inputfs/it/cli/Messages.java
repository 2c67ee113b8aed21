package build.inputfs.it.cli;

import static org.assertj.core.api.Assertions.assertThat;

import build.inputfs.it.harness.Outcome;

/** What every complaint of the program has to look like. */
final class Messages {
  private Messages() {}

  /** The program failed and said so in one line, which holds a text, without a stack trace. */
  static void oneLine(Outcome outcome, String text) {
    assertThat(outcome.exit()).as(outcome.toString()).isIn(2, 125);
    assertThat(outcome.err().lines()).as(outcome.toString()).hasSize(1);
    assertThat(outcome.err()).startsWith("inputfs: ").contains(text);
  }
}
