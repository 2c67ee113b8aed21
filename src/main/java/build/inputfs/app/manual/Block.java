package build.inputfs.app.manual;

import java.util.ArrayList;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import picocli.CommandLine.Help.Ansi;

/** A part of a command's description: what an empty line ends, or a line that is indented. */
sealed interface Block {
  /** Running text. */
  record Paragraph(String text) implements Block {}

  /** A term and what is said of it. */
  record Term(String term, String text) implements Block {}

  /** A line to be left as it is. */
  record Line(String text) implements Block {}

  /** Indented by two, with at least two blanks between the term and the text. */
  Pattern TERM = Pattern.compile(" {2}(\\S+(?: \\S+)*?) {2,}(\\S.*)");

  /** The blocks of a description, given as picocli takes it: lines with formats in them. */
  static List<Block> of(String... description) {
    List<Block> blocks = new ArrayList<>();
    for (String element : description) {
      for (String line : plain(element).split("\n", -1)) {
        Matcher term = TERM.matcher(line);
        if (line.isBlank()) {
          continue;
        }
        if (term.matches()) {
          blocks.add(new Term(term.group(1), term.group(2)));
        } else if (line.startsWith(" ")) {
          blocks.add(new Line(line));
        } else {
          blocks.add(new Paragraph(line));
        }
      }
    }
    return blocks;
  }

  /** A text without picocli's formats and styles. */
  static String plain(String text) {
    return Ansi.OFF.string(String.format(text));
  }
}
