package io.tarn.benchmark;

import com.fasterxml.jackson.databind.SerializationFeature;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;

/** Writes what was measured into a folder: figures as JSON, tables as Markdown, plots. */
public final class Results {
  private static final JsonMapper JSON =
      JsonMapper.builder().enable(SerializationFeature.INDENT_OUTPUT).build();

  private Results() {}

  /**
   * Writes {@code results.json}, {@code results.md}, and for each data set a plot of recall and
   * speed, {@code NAME.svg} and {@code NAME.png}, over what an earlier run left there.
   *
   * @param growth whether the table of growth is part of it
   */
  public static void write(BenchmarkResult result, boolean growth, Path folder) throws IOException {
    Files.createDirectories(folder);
    JSON.writeValue(folder.resolve("results.json").toFile(), toJson(result));
    Files.writeString(folder.resolve("results.md"), Report.markdown(result, growth));
    for (DataSetResult data : result.dataSets()) {
      Plot.write(data, folder);
    }
  }

  static ObjectNode toJson(BenchmarkResult result) {
    ObjectNode root = JSON.createObjectNode();
    put(result.environment(), root.putObject("environment"));
    ArrayNode dataSets = root.putArray("data_sets");
    result.dataSets().forEach(data -> addDataSet(dataSets.addObject(), data));
    return root;
  }

  static void put(Environment here, ObjectNode node) {
    node.put("time", here.time())
        .put("java", here.java())
        .put("processor", here.processor())
        .put("processors", here.processors())
        .put("max_heap_bytes", here.maxHeapBytes());
  }

  private static void addDataSet(ObjectNode node, DataSetResult data) {
    node.put("name", data.name())
        .put("rows", data.rows())
        .put("dimension", data.dimension())
        .put("queries", data.queries())
        .put("k", data.k())
        .put("threads", data.threads())
        .put("rounds", data.rounds())
        .put("busy_elsewhere", Report.busyElsewhere(data))
        .put("truth", data.truthIsGiven() ? "given" : "exact search");
    ArrayNode indexes = node.putArray("indexes");
    for (BuiltIndex index : data.indexes()) {
      ObjectNode built =
          indexes
              .addObject()
              .put("system", index.system())
              .put("settings", index.settings())
              .put("version", index.version())
              .put("kernels", index.kernels())
              .put("build_s", index.totalBuildSeconds())
              .put("build_threads", index.buildThreads());
      ObjectNode phases = built.putObject("build_phases_s");
      index.buildSeconds().forEach(phases::put);
      built.put("disk_bytes_per_vector", index.diskBytesPerVector());
      built.put("heap_bytes_per_vector", index.heapBytesPerVector());
    }
    ArrayNode points = node.putArray("points");
    for (Point point : data.points()) {
      points
          .addObject()
          .put("system", point.system())
          .put("settings", point.settings())
          .put("effort_name", point.effortName())
          .put("effort", point.effort())
          .put("recall", point.recall())
          .put("qps", point.queriesPerSecond())
          .put("p50_us", point.p50Us())
          .put("p99_us", point.p99Us())
          .put("cpu_us", point.cpuUs());
    }
    addComparison(node.putArray("comparison"), data);
  }

  private static void addComparison(ArrayNode comparison, DataSetResult data) {
    Map<String, Front> fronts = data.fronts();
    Front tarn = fronts.get(TarnContender.SYSTEM);
    fronts.forEach(
        (system, front) -> {
          for (double recall : Report.RECALLS) {
            ObjectNode node = comparison.addObject().put("system", system).put("recall", recall);
            front.queriesPerSecondAt(recall).ifPresent(qps -> node.put("qps", qps));
            Report.ratio(tarn, front, recall).ifPresent(ratio -> node.put("tarn_ratio", ratio));
          }
        });
  }
}
