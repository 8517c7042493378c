package io.tarn.benchmark;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import javax.imageio.ImageIO;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledForJreRange;
import org.junit.jupiter.api.condition.JRE;
import org.junit.jupiter.api.io.TempDir;

class BenchmarkTest {
  private static final DataSource DATA = new DataSource.Generated(1000, 12, 20, 1);
  private static final int QUERIES = 50;

  @TempDir Path dir;
  private final List<String> said = new ArrayList<>();

  private BenchmarkSettings settings(List<Peer> peers, List<Integer> nlists, int threads) {
    return settings(DATA, peers, nlists, threads);
  }

  private BenchmarkSettings settings(
      DataSource source, List<Peer> peers, List<Integer> nlists, int threads) {
    return new BenchmarkSettings(
        List.of(source),
        peers,
        nlists,
        List.of(),
        List.of(),
        5,
        QUERIES,
        threads,
        2,
        dir.resolve("work"),
        false);
  }

  private BenchmarkResult run(BenchmarkSettings settings) throws IOException {
    return Benchmark.run(settings, said::add);
  }

  @Test
  @EnabledForJreRange(min = JRE.JAVA_21)
  void everyoneFindsNearlyEverythingWithEnoughEffort() throws IOException {
    BenchmarkResult result =
        run(
            settings(
                new DataSource.Generated(400, 12, 20, 1),
                List.of(Peer.values()),
                List.of(8, 16),
                2));
    DataSetResult data = result.dataSets().get(0);
    assertThat(data.indexes())
        .extracting(BuiltIndex::system)
        .containsExactly("tarn", "tarn", "lucene", "lucene-int8", "lucene-1bit", "jvector");
    for (BuiltIndex index : data.indexes()) {
      assertThat(index.diskBytesPerVector()).isGreaterThan(12.0 * Float.BYTES);
      assertThat(index.totalBuildSeconds()).isPositive();
    }
    assertThat(data.fronts()).hasSize(5);
    data.fronts()
        .forEach(
            (system, front) -> {
              List<Point> points = front.points();
              // 8 bits to a value cannot tell all neighbours apart.
              assertThat(points.get(points.size() - 1).recall())
                  .as(system)
                  .isGreaterThan(system.equals("lucene-int8") ? 0.9 : 0.98);
            });
    for (Point point : data.points()) {
      assertThat(point.queriesPerSecond()).isPositive();
      assertThat(point.p50Us()).isPositive().isLessThanOrEqualTo(point.p99Us());
      assertThat(point.cpuUs()).isPositive();
    }
    Results.write(result, true, dir.resolve("out"));
    assertThat(Files.readString(dir.resolve("out/results.md")))
        .contains("| lucene-1bit |", "| jvector |", "| tarn | nlist 16 | nprobe 1 |");
  }

  @Test
  @EnabledForJreRange(max = JRE.JAVA_20)
  void peersNeedANewerJava() {
    assertThatThrownBy(() -> run(settings(List.of(Peer.LUCENE_INT8), List.of(8), 1)))
        .isInstanceOf(BenchmarkException.class)
        .hasMessageContaining("--peers lucene-int8 needs a JDK 21 or newer, and this is 1");
  }

  @Test
  void resultsAreWrittenAsJsonMarkdownAndPlots() throws Exception {
    BenchmarkResult result = run(settings(List.of(), List.of(8), 1));
    Path out = dir.resolve("out");
    Results.write(result, false, out);
    Results.write(result, true, out);
    Set<String> names = new TreeSet<>();
    try (var files = Files.list(out)) {
      files.forEach(file -> names.add(file.getFileName().toString()));
    }
    String plot = DATA.name();
    assertThat(names).containsExactly(plot + ".png", plot + ".svg", "results.json", "results.md");
    assertThat(ImageIO.read(out.resolve(plot + ".png").toFile()).getWidth()).isEqualTo(960);
    assertThat(Files.readString(out.resolve(plot + ".svg"))).contains("<svg", "</svg>");
    assertThat(Files.readString(out.resolve("results.md")))
        .contains("## Growth: microseconds a query at recall 0.95");

    JsonNode json = JsonMapper.builder().build().readTree(out.resolve("results.json").toFile());
    assertThat(json.at("/environment/java").asText())
        .startsWith(System.getProperty("java.version"));
    JsonNode data = json.at("/data_sets/0");
    assertThat(data.get("rows").asInt()).isEqualTo(1000);
    assertThat(data.get("queries").asInt()).isEqualTo(QUERIES);
    assertThat(data.get("truth").asText()).isEqualTo("exact search");
    assertThat(data.at("/indexes/0/build_phases_s").fieldNames())
        .toIterable()
        .containsExactly("train", "assign", "encode and write");
    JsonNode last = data.get("points").get(data.get("points").size() - 1);
    assertThat(last.get("effort").asInt()).isLessThanOrEqualTo(8);
    assertThat(last.get("recall").asDouble()).isGreaterThan(0.99);
    assertThat(last.fieldNames())
        .toIterable()
        .contains("system", "settings", "effort_name", "qps", "p50_us", "p99_us", "cpu_us");
    assertThat(data.get("comparison")).hasSize(Report.RECALLS.size());
    assertThat(data.at("/comparison/2/tarn_ratio").asDouble()).isEqualTo(1);
  }

  @Test
  void whatAnEarlierRunLeftIsUsedAgainAndWhatItBrokeOffIsNot() throws IOException {
    BenchmarkSettings settings = settings(List.of(), List.of(8), 1);
    BenchmarkResult first = run(settings);
    assertThat(said).anyMatch(line -> line.startsWith("tarn, nlist 8: built in "));
    said.clear();
    BenchmarkResult second = run(settings);
    assertThat(said)
        .anyMatch(line -> line.startsWith("tarn, nlist 8: was built in "))
        .noneMatch(line -> line.contains("exactly"));
    assertThat(second.dataSets().get(0).indexes().get(0).buildSeconds())
        .isEqualTo(first.dataSets().get(0).indexes().get(0).buildSeconds());
    try (var files = Files.walk(dir.resolve("work"))) {
      Files.delete(files.filter(file -> file.endsWith("built.json")).findFirst().orElseThrow());
    }
    said.clear();
    run(settings);
    assertThat(said).anyMatch(line -> line.startsWith("tarn, nlist 8: built in "));
  }

  @Test
  void aSweepPassesOverWhatASingleRunRefuses() throws IOException {
    assertThatThrownBy(() -> run(settings(List.of(), List.of(8, 1024), 1)))
        .isInstanceOf(BenchmarkException.class)
        .hasMessage("nlist 1024 leaves fewer than 4 of 1000 rows to a list");
    BenchmarkSettings sweep =
        new BenchmarkSettings(
            List.of(new DataSource.Generated(500, 12, 20, 1), DATA),
            List.of(),
            List.of(8, 250),
            List.of(4, 2),
            List.of(),
            5,
            QUERIES,
            1,
            1,
            dir.resolve("work"),
            true);
    BenchmarkResult result = run(sweep);
    assertThat(Report.growth(result).rows())
        .extracting(row -> row.get(1) + " of " + row.get(2))
        .containsExactly(
            "nlist 8 of 500",
            "nlist 8, adaptive of 500",
            "nlist 8 of 1,000",
            "nlist 8, adaptive of 1,000",
            "nlist 250 of 1,000",
            "nlist 250, adaptive of 1,000");
    assertThat(result.dataSets().get(0).points())
        .extracting(Point::effort)
        .containsExactly(2, 4, 2, 4);
  }

  @Test
  void moreNeighboursThanThereAreRowsAreRefused() {
    BenchmarkSettings settings =
        new BenchmarkSettings(
            List.of(DATA), List.of(), List.of(), List.of(), List.of(), 1001, 1, 1, 1, dir, false);
    assertThatThrownBy(() -> run(settings))
        .isInstanceOf(BenchmarkException.class)
        .hasMessage("k 1001 is more than " + DATA.name() + " has");
  }

  @Test
  void filteredSearchesFindWhatBruteForceOverTheRowsLeftFinds() throws IOException {
    List<Report.Sheet> sheets =
        FilteredSearches.run(settings(List.of(), List.of(16), 1), List.of(1.0, 0.1), said::add);
    List<List<String>> rows = sheets.get(0).rows();
    assertThat(rows).hasSize(2);
    assertThat(rows.get(0)).startsWith("nlist 16", "1.0", "1,000");
    assertThat(Integer.parseInt(rows.get(1).get(2))).isBetween(60, 140);
    assertThat(rows).allSatisfy(row -> assertThat(row.get(4)).isEqualTo("1.0000"));
  }
}
