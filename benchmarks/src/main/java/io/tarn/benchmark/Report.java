package io.tarn.benchmark;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.OptionalDouble;
import java.util.stream.Collectors;

/** The figures as tables of text, to be printed or put into a document. */
public final class Report {
  /** The recalls at which speeds are compared. */
  public static final List<Double> RECALLS = List.of(0.90, 0.95, 0.99);

  /** The recall at which growth is shown. */
  static final double GROWTH_RECALL = 0.95;

  private static final double TOLERABLE_BUSYNESS = 0.05;
  private static final String NONE = "–";

  private Report() {}

  /**
   * A table.
   *
   * @param title what it shows
   * @param textColumns how many of the first columns are text; the others are numbers
   */
  public record Sheet(
      String title, int textColumns, List<String> headings, List<List<String>> rows) {}

  /** All tables of a data set: costs of the indexes, comparison, every point. */
  public static List<Sheet> sheets(DataSetResult result) {
    return List.of(indexes(result), comparison(result), points(result));
  }

  private static String title(DataSetResult result, String what) {
    return "%s, %,d × %d: %s".formatted(result.name(), result.rows(), result.dimension(), what);
  }

  private static Sheet indexes(DataSetResult result) {
    List<List<String>> rows = new ArrayList<>();
    for (BuiltIndex index : result.indexes()) {
      String phases =
          index.buildSeconds().entrySet().stream()
              .map(phase -> phase.getKey() + " " + number("%.1f", phase.getValue()))
              .collect(Collectors.joining(", "));
      rows.add(
          List.of(
              index.system(),
              index.settings(),
              phases,
              number("%.1f", index.totalBuildSeconds()),
              Integer.toString(index.buildThreads()),
              number("%,.0f", index.diskBytesPerVector()),
              number("%,.0f", index.heapBytesPerVector())));
    }
    return new Sheet(
        title(result, "indexes"),
        3,
        List.of(
            "system", "index", "phases, s", "build s", "threads", "disk B/vector", "heap B/vector"),
        rows);
  }

  private static Sheet comparison(DataSetResult result) {
    List<String> headings = new ArrayList<>(List.of("system"));
    RECALLS.forEach(recall -> headings.add("QPS@" + number("%.2f", recall)));
    RECALLS.forEach(recall -> headings.add("tarn ×@" + number("%.2f", recall)));
    Map<String, Front> fronts = result.fronts();
    Front tarn = fronts.get(TarnContender.SYSTEM);
    List<List<String>> rows = new ArrayList<>();
    fronts.forEach(
        (system, front) -> {
          List<String> row = new ArrayList<>(List.of(system));
          for (double recall : RECALLS) {
            row.add(number("%,.0f", front.queriesPerSecondAt(recall)));
          }
          for (double recall : RECALLS) {
            row.add(number("%.2f", ratio(tarn, front, recall)));
          }
          rows.add(row);
        });
    return new Sheet(
        title(
            result,
            "queries per second at recall@%d; %,d queries, %d at once, median of %d rounds"
                .formatted(result.k(), result.queries(), result.threads(), result.rounds())),
        1,
        headings,
        rows);
  }

  /** How many times as many queries Tarn answers. */
  static OptionalDouble ratio(Front tarn, Front other, double recall) {
    OptionalDouble ours = tarn.queriesPerSecondAt(recall);
    OptionalDouble theirs = other.queriesPerSecondAt(recall);
    return ours.isPresent() && theirs.isPresent()
        ? OptionalDouble.of(ours.getAsDouble() / theirs.getAsDouble())
        : OptionalDouble.empty();
  }

  private static Sheet points(DataSetResult result) {
    List<List<String>> rows = new ArrayList<>();
    for (Point point : result.points()) {
      rows.add(
          List.of(
              point.system(),
              point.settings(),
              point.effortName() + " " + point.effort(),
              number("%.4f", point.recall()),
              number("%,.0f", point.queriesPerSecond()),
              number("%,.1f", point.p50Us()),
              number("%,.1f", point.p99Us()),
              number("%,.1f", point.cpuUs())));
    }
    return new Sheet(
        title(result, "every point"),
        3,
        List.of("system", "index", "effort", "recall", "QPS", "p50 µs", "p99 µs", "CPU µs"),
        rows);
  }

  /** How the time of a query grows with rows and lists: a row for each size and number of lists. */
  public static Sheet growth(BenchmarkResult result) {
    List<List<String>> rows = new ArrayList<>();
    for (DataSetResult data : result.dataSets()) {
      Map<String, List<Point>> byIndex =
          data.points().stream()
              .filter(point -> point.system().equals(TarnContender.SYSTEM))
              .collect(
                  Collectors.groupingBy(Point::settings, LinkedHashMap::new, Collectors.toList()));
      byIndex.forEach(
          (settings, points) -> {
            OptionalDouble qps = Front.of(points).queriesPerSecondAt(GROWTH_RECALL);
            rows.add(
                List.of(
                    data.name(),
                    settings,
                    "%,d".formatted(data.rows()),
                    qps.isEmpty()
                        ? NONE
                        : number("%,.1f", data.threads() * 1e6 / qps.getAsDouble())));
          });
    }
    return new Sheet(
        "Growth: microseconds a query at recall " + number("%.2f", GROWTH_RECALL),
        2,
        List.of("data", "index", "rows", "µs"),
        rows);
  }

  /**
   * How much of the time that searches took the processor did something else: the median of all
   * points. Only where it is near 0 are figures worth anything.
   */
  static double busyElsewhere(DataSetResult result) {
    return Race.median(
        result.points().stream()
            .map(
                point ->
                    Math.max(
                        0, 1 - point.cpuUs() * point.queriesPerSecond() / 1e6 / result.threads()))
            .toList());
  }

  /** Everything as a Markdown document. */
  public static String markdown(BenchmarkResult result, boolean growth) {
    StringBuilder text = new StringBuilder("# Benchmark\n\n").append(describe(result)).append('\n');
    if (growth) {
      text.append(markdown(growth(result)));
    }
    for (DataSetResult data : result.dataSets()) {
      sheets(data).forEach(sheet -> text.append(markdown(sheet)));
    }
    return text.toString();
  }

  /** Where and with what was measured, a sentence a line. */
  public static String describe(BenchmarkResult result) {
    StringBuilder text = new StringBuilder(describe(result.environment()));
    for (DataSetResult data : result.dataSets()) {
      double busy = busyElsewhere(data);
      if (busy > TOLERABLE_BUSYNESS) {
        text.append(
            "%s: the processors were busy with something else for %s%% of the time.%n"
                .formatted(data.name(), number("%.0f", 100 * busy)));
      }
    }
    result.dataSets().stream()
        .flatMap(data -> data.indexes().stream())
        .map(index -> "%s %s: %s.%n".formatted(index.system(), index.version(), index.kernels()))
        .distinct()
        .forEach(text::append);
    return text.toString();
  }

  static String describe(Environment here) {
    return "%s, Java %s, heap of at most %,d MB.%n%s, %d processors.%n"
        .formatted(
            here.time(),
            here.java(),
            here.maxHeapBytes() >> 20,
            here.processor(),
            here.processors());
  }

  static String markdown(Sheet sheet) {
    StringBuilder text = new StringBuilder("\n## ").append(sheet.title()).append("\n\n");
    line(text, sheet.headings());
    List<String> rule = new ArrayList<>();
    for (int c = 0; c < sheet.headings().size(); c++) {
      rule.add(c < sheet.textColumns() ? "---" : "---:");
    }
    line(text, rule);
    sheet.rows().forEach(row -> line(text, row));
    return text.toString();
  }

  private static void line(StringBuilder text, List<String> cells) {
    text.append("| ").append(String.join(" | ", cells)).append(" |\n");
  }

  private static String number(String format, OptionalDouble value) {
    return value.isEmpty() ? NONE : number(format, value.getAsDouble());
  }

  /** A number as text, in no one's language; a dash if it is none. */
  public static String number(String format, double value) {
    return Double.isNaN(value) ? NONE : String.format(Locale.ROOT, format, value);
  }
}
