package build.inputfs.app.bench;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/**
 * The main rows as horizontal bars, a panel for each, in SVG. It brings its own ground, light or
 * dark as the reader likes, so that it can be read on any page. For one use.
 */
final class Chart {
  private static final int PANEL_WIDTH = 420;
  private static final int COLUMNS = 2;
  private static final int GAP = 28;
  private static final int MARGIN = 20;
  private static final int CAPTION = 16;
  private static final int HEAD = 26;
  private static final int BAR = 14;
  private static final int STEP = 20;
  private static final int NAMES = 76;
  private static final int VALUES = 84;

  /** The rows that are shown, where they were measured, with what the panel is called. */
  private static final List<Panel> PANELS =
      List.of(
          new Panel("make-100k", "Make a view of 100,000 files"),
          new Panel("remove-100k", "Remove a view of 100,000 files"),
          new Panel("walk-second-real", "List /usr/include and gcc, with lstat, in a new view"),
          new Panel("read-second-real", "Open, read, close each file of these"),
          new Panel("compile-actions", "8 actions: view of 15,000 headers, compile, remove"),
          new Panel("compile-changed-action", "The same, all 8 files at once, a header changed"),
          new Panel("write-4k", "Write 200 MB in blocks of 4 KB"),
          new Panel("create", "Create a file"));

  /** Colours that can be told apart on light and on dark; ours are warm, the others are not. */
  private static final Map<String, String> COLOURS =
      Map.of(
          "native", "#8c959f",
          "overlayfs", "#6ca0dc",
          "cp-al", "#4f78a8",
          "overlay", "#e8590c",
          "fuse", "#f2994a",
          "hardlink", "#f2c14e",
          "clone", "#c9a227",
          "copy", "#a98f5b");

  private static final String OTHER_COLOUR = "#7d6bb0";

  private final Results results;
  private final StringBuilder svg = new StringBuilder();

  Chart(Results results) {
    this.results = results;
  }

  private record Panel(String row, String title) {}

  private record Shown(Panel panel, Row row, List<String> contenders) {
    int height() {
      return HEAD + STEP * contenders.size() + GAP;
    }
  }

  String svg() {
    List<Shown> shown = shown();
    int y = MARGIN;
    for (int i = 0; i < shown.size(); i += COLUMNS) {
      List<Shown> line = shown.subList(i, Math.min(shown.size(), i + COLUMNS));
      for (int column = 0; column < line.size(); column++) {
        panel(line.get(column), MARGIN + column * (PANEL_WIDTH + GAP), y);
      }
      y += line.stream().mapToInt(Shown::height).max().orElse(0);
    }
    text(MARGIN, y + CAPTION / 2, "small", "start", caption());
    int width = 2 * MARGIN + COLUMNS * PANEL_WIDTH + (COLUMNS - 1) * GAP;
    int height = y + CAPTION + MARGIN / 2;
    return """
        <svg xmlns="http://www.w3.org/2000/svg" width="%1$d" height="%2$d" viewBox="0 0 %1$d %2$d" role="img">
        <title>inputfs against other ways to make an input tree; shorter is better</title>
        <style>
        text { font: 12px system-ui, "Segoe UI", "DejaVu Sans", sans-serif; fill: #24292f }
        .head { font-weight: 600; font-size: 13px }
        .small { font-size: 11px }
        .ground { fill: #ffffff; stroke: #d0d7de }
        @media (prefers-color-scheme: dark) {
        text { fill: #e6edf3 }
        .ground { fill: #0d1117; stroke: #30363d }
        }
        </style>
        <rect class="ground" x="0.5" y="0.5" width="%3$d" height="%4$d" rx="6"/>
        %5$s</svg>
        """
        .formatted(width, height, width - 1, height - 1, svg);
  }

  private String caption() {
    Map<String, String> machine = results.machine();
    return "Medians; shorter is better. overlay, fuse, hardlink, clone, copy: inputfs. %s, %s processors, %s"
        .formatted(machine.get("system"), machine.get("processors"), machine.get("disk"));
  }

  private List<Shown> shown() {
    List<Shown> shown = new ArrayList<>();
    for (Panel panel : PANELS) {
      for (Results.Section section : results.sections()) {
        for (Row row : section.rows()) {
          List<String> contenders =
              results.contenders().keySet().stream()
                  .filter(name -> results.measurements().summary(row.id(), name) != null)
                  .toList();
          if (row.id().equals(panel.row()) && !contenders.isEmpty()) {
            shown.add(new Shown(panel, row, contenders));
          }
        }
      }
    }
    return shown;
  }

  private void panel(Shown shown, int x, int y) {
    text(x, y + 13, "head", "start", shown.panel().title());
    double longest =
        shown.contenders().stream().mapToDouble(name -> median(shown.row(), name)).max().orElse(1);
    int room = PANEL_WIDTH - NAMES - VALUES;
    for (int i = 0; i < shown.contenders().size(); i++) {
      String name = shown.contenders().get(i);
      double value = median(shown.row(), name);
      int top = y + HEAD + i * STEP;
      double length = Math.max(2, longest > 0 ? room * value / longest : 0);
      text(x + NAMES - 8, top + 11, "", "end", name);
      svg.append(
          String.format(
              Locale.ROOT,
              "<rect x=\"%d\" y=\"%d\" width=\"%.1f\" height=\"%d\" rx=\"2\" fill=\"%s\"/>%n",
              x + NAMES,
              top,
              length,
              BAR,
              COLOURS.getOrDefault(name, OTHER_COLOUR)));
      String label = TextReport.number(value) + " " + shown.row().unit().text();
      text((int) (x + NAMES + length + 6), top + 11, "", "start", label);
    }
  }

  private double median(Row row, String contender) {
    Summary summary = results.measurements().summary(row.id(), contender);
    return summary == null ? 0 : summary.median();
  }

  private void text(int x, int y, String style, String anchor, String content) {
    svg.append("<text x=\"%d\" y=\"%d\"".formatted(x, y));
    if (!style.isEmpty()) {
      svg.append(" class=\"").append(style).append('"');
    }
    if (!anchor.equals("start")) {
      svg.append(" text-anchor=\"").append(anchor).append('"');
    }
    svg.append('>').append(escape(content)).append("</text>\n");
  }

  private static String escape(String content) {
    return content.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;");
  }
}
