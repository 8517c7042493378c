package io.tarn.cli.print;

import static org.assertj.core.api.Assertions.assertThat;

import io.tarn.cli.print.Table.Align;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.util.List;
import org.junit.jupiter.api.Test;

class TableTest {
  @Test
  void columnsAreAligned() {
    assertThat(print(List.of("1", "é"), List.of("100", "long one")))
        .isEqualTo("  n  text\n  1  é\n100  long one\n");
  }

  @Test
  void cellsCannotMoveTheCursorOrFloodTheLine() {
    assertThat(print(List.of("1", "a\u001b[2Jb\nc"))).isEqualTo("n  text\n1  a\uFFFD[2Jb\uFFFDc\n");
    assertThat(print(List.of("1", "x".repeat(100))))
        .isEqualTo("n  text\n1  " + "x".repeat(59) + "…\n");
  }

  @SafeVarargs
  private static String print(List<String>... rows) {
    Table table = new Table().column("n", Align.RIGHT).column("text", Align.LEFT);
    for (List<String> row : rows) {
      table.row(row);
    }
    StringWriter text = new StringWriter();
    table.print(new PrintWriter(text));
    return text.toString();
  }
}
