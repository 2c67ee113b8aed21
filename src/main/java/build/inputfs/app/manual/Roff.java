package build.inputfs.app.manual;

import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Writes a manual page in roff, with the macros of man(7). For one thread.
 *
 * <p>In texts, options and what is between backticks are set in bold.
 */
final class Roff {
  private static final Pattern CODE = Pattern.compile("`([^`]*)`|(?<![A-Za-z0-9-])--[a-z][a-z-]*");
  private static final Pattern SYNOPSIS_WORD =
      Pattern.compile("(--?[a-z][a-z-]*)|([A-Z][A-Z_]*)|[^-A-Z]+|.");

  private final StringBuilder page = new StringBuilder();

  /** The first line: what the page is of, and the program with its version. */
  Roff(String title, String program) {
    macro("TH", title, "1", "", program, "User Commands");
    // Long words are not broken, and lines are not stretched.
    page.append(".nh\n.ad l\n");
  }

  /** The section that says what the page is of, as whatis(1) reads it. */
  void name(String name, String purpose) {
    section("NAME");
    line(typed(name) + " \\- " + escape(purpose.replace("`", "")));
  }

  void section(String title) {
    macro("SH", title);
  }

  void paragraph(String text) {
    page.append(".PP\n");
    line(inline(text));
  }

  /** A term, as it is set, and what is said of it. */
  void term(String set, String text) {
    page.append(".TP\n");
    line(set);
    line(inline(text));
  }

  void blocks(List<Block> blocks) {
    for (Block block : blocks) {
      switch (block) {
        case Block.Paragraph paragraph -> paragraph(paragraph.text());
        case Block.Term term -> term(bold(term.term()), term.text());
        case Block.Line verbatim -> {
          page.append(".PP\n.nf\n");
          line(typed(verbatim.text()));
          page.append(".fi\n");
        }
      }
    }
  }

  /** Ways to call a command, a line each. */
  void synopsis(List<String> lines) {
    boolean first = true;
    for (String line : lines) {
      if (!first) {
        page.append(".br\n");
      }
      first = false;
      String[] words = line.strip().split(" ", 3);
      // The program's name and the command's.
      int names = words.length > 1 && words[1].matches("[a-z-]+") ? 2 : 1;
      String name = String.join(" ", List.of(words).subList(0, names));
      line(bold(name) + usage(line.strip().substring(name.length())));
    }
  }

  /** How something is used: options in bold, what is to be filled in in italics. */
  static String usage(String text) {
    StringBuilder set = new StringBuilder();
    Matcher word = SYNOPSIS_WORD.matcher(text);
    while (word.find()) {
      if (word.group(1) != null) {
        set.append(bold(word.group()));
      } else if (word.group(2) != null) {
        set.append("\\fI").append(escape(word.group())).append("\\fR");
      } else {
        set.append(typed(word.group()));
      }
    }
    return set.toString();
  }

  static String bold(String text) {
    return "\\fB" + typed(text) + "\\fR";
  }

  /** A name of another page, as it is referred to. */
  static String reference(String page, int section) {
    return bold(page) + "(" + section + ")";
  }

  /** A line that is set already. */
  void line(String set) {
    // A dot or an apostrophe at its start would make it a request.
    page.append(set.startsWith(".") || set.startsWith("'") ? "\\&" : "").append(set).append('\n');
  }

  @Override
  public String toString() {
    return page.toString();
  }

  /** Running text, with options and what is between backticks in bold. */
  private static String inline(String text) {
    StringBuilder set = new StringBuilder();
    Matcher code = CODE.matcher(text);
    int end = 0;
    while (code.find()) {
      String bold = code.group(1) == null ? code.group() : code.group(1);
      set.append(escape(text.substring(end, code.start()))).append(bold(bold));
      end = code.end();
    }
    return set.append(escape(text.substring(end))).toString();
  }

  /** Text as roff takes it: what it would understand otherwise, and what is not ASCII, by name. */
  private static String escape(String text) {
    StringBuilder escaped = new StringBuilder();
    text.codePoints()
        .forEach(
            c -> {
              switch (c) {
                case '\\' -> escaped.append("\\e");
                case '\'' -> escaped.append("\\(aq");
                case '`' -> escaped.append("\\(ga");
                case '^' -> escaped.append("\\(ha");
                case '~' -> escaped.append("\\(ti");
                default -> {
                  if (c < 0x80) {
                    escaped.append((char) c);
                  } else {
                    escaped.append("\\[u%04X]".formatted(c));
                  }
                }
              }
            });
    return escaped.toString();
  }

  /** Text whose hyphens are to be copied and typed as they are. */
  private static String typed(String text) {
    return escape(text).replace("-", "\\-");
  }

  private void macro(String name, String... arguments) {
    page.append('.').append(name);
    for (String argument : arguments) {
      page.append(" \"").append(escape(argument).replace("\"", "\\(dq")).append('"');
    }
    page.append('\n');
  }
}
