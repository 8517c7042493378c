package io.tarn.cli.print;

import java.io.PrintWriter;
import java.util.ArrayList;
import java.util.List;

/** Aligned columns. Cells come from data, so what could move the cursor is made visible. */
public final class Table {
  private static final int MAX_CELL_CHARS = 60;
  private static final String GAP = "  ";

  /** Where a column's cells are aligned. */
  public enum Align {
    LEFT,
    RIGHT
  }

  private final List<Align> aligns = new ArrayList<>();
  private final List<List<String>> rows = new ArrayList<>();

  public Table() {
    rows.add(new ArrayList<>());
  }

  public Table column(String heading, Align align) {
    rows.get(0).add(printable(heading));
    aligns.add(align);
    return this;
  }

  public Table row(List<String> cells) {
    rows.add(cells.stream().map(Table::printable).toList());
    return this;
  }

  public void print(PrintWriter out) {
    int[] widths = new int[aligns.size()];
    for (List<String> row : rows) {
      for (int c = 0; c < widths.length; c++) {
        widths[c] = Math.max(widths[c], width(row.get(c)));
      }
    }
    for (List<String> row : rows) {
      StringBuilder line = new StringBuilder();
      for (int c = 0; c < widths.length; c++) {
        String padding = " ".repeat(widths[c] - width(row.get(c)));
        line.append(c == 0 ? "" : GAP)
            .append(aligns.get(c) == Align.RIGHT ? padding + row.get(c) : row.get(c) + padding);
      }
      out.println(line.toString().stripTrailing());
    }
  }

  private static int width(String cell) {
    return cell.codePointCount(0, cell.length());
  }

  private static String printable(String cell) {
    String visible = cell.replaceAll("[\\p{Cntrl}\\p{Cf}\\u2028\\u2029]", "\uFFFD");
    if (width(visible) <= MAX_CELL_CHARS) {
      return visible;
    }
    return visible.substring(0, visible.offsetByCodePoints(0, MAX_CELL_CHARS - 1)) + "…";
  }
}
