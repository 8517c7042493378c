package io.tarn.benchmark;

import java.awt.Color;
import java.io.BufferedOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.DoubleSummaryStatistics;
import java.util.List;
import org.knowm.xchart.ChartEncoder;
import org.knowm.xchart.XYChart;
import org.knowm.xchart.XYChartBuilder;
import org.knowm.xchart.style.Styler.LegendPosition;
import org.knowm.xchart.style.markers.SeriesMarkers;

/** Draws the curve of each system: queries per second, on a logarithmic scale, over recall. */
final class Plot {
  private static final List<String> FORMATS = List.of("svg", "png");
  private static final int WIDTH_PIXELS = 960;
  private static final int HEIGHT_PIXELS = 640;

  /** Below nobody searches, and the interesting part would be squeezed. */
  private static final double LEAST_RECALL = 0.7;

  static {
    // A server has no display, and drawing into a file needs none.
    System.setProperty("java.awt.headless", "true");
  }

  private Plot() {}

  static void write(DataSetResult data, Path folder) throws IOException {
    XYChart chart = chart(data);
    for (String format : FORMATS) {
      Path file = folder.resolve(data.name() + "." + format);
      try (OutputStream out = new BufferedOutputStream(Files.newOutputStream(file))) {
        ChartEncoder.saveChart(chart, out, format);
      }
    }
  }

  private static XYChart chart(DataSetResult data) {
    XYChart chart =
        new XYChartBuilder()
            .width(WIDTH_PIXELS)
            .height(HEIGHT_PIXELS)
            .title("%s, %,d × %d".formatted(data.name(), data.rows(), data.dimension()))
            .xAxisTitle("recall@" + data.k())
            .yAxisTitle("queries per second, threads: " + data.threads())
            .build();
    chart.getStyler().setYAxisLogarithmic(true).setLegendPosition(LegendPosition.OutsideE);
    chart.getStyler().setChartBackgroundColor(Color.WHITE);
    boundByPowersOfTen(chart, data);
    data.fronts()
        .forEach(
            (system, front) -> {
              Front shown =
                  new Front(
                      front.points().stream()
                          .filter(point -> point.recall() >= LEAST_RECALL)
                          .toList());
              if (!shown.points().isEmpty()) {
                chart
                    .addSeries(
                        system,
                        shown.points().stream().mapToDouble(Point::recall).toArray(),
                        shown.points().stream().mapToDouble(Point::queriesPerSecond).toArray())
                    .setMarker(SeriesMarkers.CIRCLE);
              }
            });
    return chart;
  }

  /** Only powers of ten are labelled, so there shall be two at least. */
  private static void boundByPowersOfTen(XYChart chart, DataSetResult data) {
    DoubleSummaryStatistics speeds =
        data.points().stream()
            .filter(point -> point.recall() >= LEAST_RECALL)
            .mapToDouble(Point::queriesPerSecond)
            .summaryStatistics();
    if (speeds.getCount() > 0) {
      double least = Math.floor(Math.log10(speeds.getMin()));
      double most = Math.max(least + 1, Math.ceil(Math.log10(speeds.getMax())));
      chart.getStyler().setYAxisMin(Math.pow(10, least)).setYAxisMax(Math.pow(10, most));
    }
  }
}
