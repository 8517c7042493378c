package io.tarn.spark;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.tarn.settings.Settings;
import io.tarn.settings.SettingsException;
import io.tarn.spark.advise.Advice;
import io.tarn.spark.input.UnusableInputException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import org.apache.spark.sql.Row;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What the advisor measures and recommends. */
class AdviseJobTest {
  private static final int DIMENSION = 32;
  private static final int ROWS = 3000;

  @TempDir static Path directory;
  private static Path table;

  @BeforeAll
  static void write() {
    table = directory.resolve("table");
    VectorRows.table(VectorRows.clustered(ROWS, DIMENSION, 9)).write().parquet(table.toString());
  }

  private static AdviseResult advise(String... settings) throws Exception {
    List<String> all = new ArrayList<>(List.of(settings));
    all.add("sample-rows=1200");
    all.add("queries=60");
    return AdviseJob.run(
        LocalSpark.session(), Settings.load(AdviseSettings.class, Optional.empty(), all));
  }

  private static Advice of(AdviseResult result, String quantizer, int dimension) {
    return result.advice().stream()
        .filter(a -> a.candidate().quantizer().equals(quantizer))
        .filter(a -> a.candidate().dimension() == dimension)
        .findFirst()
        .orElseThrow();
  }

  @Test
  void whatIsMeasuredIsTrueOfTheData() throws Exception {
    AdviseResult result =
        advise("input.path=" + table, "nlist=[16]", "quantizer=[none, rabitq, rabitq8, int8]");
    assertThat(result.rows()).isEqualTo(ROWS);
    assertThat(result.sampleRows()).isEqualTo(1140);
    assertThat(result.advice()).hasSize(4 * 3);
    for (Advice advice : result.advice()) {
      assertThat(advice.recall() >= 0.95 || advice.nprobe() == 16).isTrue();
      assertThat(advice.memoryBytes() - advice.codeBytes())
          .isBetween(
              3.9 * advice.candidate().dimension() - 8, 4.1 * advice.candidate().dimension());
      assertThat(advice.rowsScanned()).isBetween(1.0, ROWS + 1e-6);
    }
    // Of 32 independent dimensions a quarter says little of distances, however well it is coded.
    assertThat(of(result, "none", DIMENSION / 4).recall()).isLessThan(0.6);
    assertThat(of(result, "none", DIMENSION).recall()).isGreaterThanOrEqualTo(0.95);
    assertThat(of(result, "rabitq", DIMENSION).codeBytes())
        .isLessThan(of(result, "rabitq8", DIMENSION).codeBytes());
    assertThat(result.recommended().orElseThrow().candidate().dimension()).isEqualTo(DIMENSION);
    assertThat(result.reduced()).isEmpty();
    AdviseResult again =
        advise("input.path=" + table, "nlist=[16]", "quantizer=[none, rabitq, rabitq8, int8]");
    assertThat(again.advice()).isEqualTo(result.advice());
  }

  /**
   * The sample of a table that is all sampled is the table: so recall is that of an index of it.
   */
  @Test
  void budgetsAreKept() throws Exception {
    AdviseResult free = advise("input.path=" + table, "nlist=[4, 16]", "dimension=[32]");
    double least = free.advice().stream().mapToDouble(Advice::codeBytes).min().orElseThrow() + 1;
    AdviseResult tight =
        advise(
            "input.path=" + table,
            "nlist=[4, 16]",
            "dimension=[32]",
            "vectors=mapped",
            "max-bytes-per-row=" + least);
    assertThat(tight.recommended().orElseThrow().codeBytes()).isLessThanOrEqualTo(least);
    assertThat(
            advise(
                    "input.path=" + table,
                    "nlist=[4]",
                    "quantizer=[none]",
                    "dimension=[32]",
                    "max-bytes-per-row=1")
                .recommended())
        .isEmpty();
    Advice best = free.recommended().orElseThrow();
    assertThat(free.advice())
        .filteredOn(a -> a.recall() >= 0.95)
        .allMatch(a -> a.queryBytes() >= best.queryBytes());
  }

  @Test
  void indexesCanBeAskedFor() throws Exception {
    Path index = directory.resolve("index");
    BuildJob.run(
        LocalSpark.session(),
        Settings.load(
            BuildSettings.class,
            Optional.empty(),
            List.of("index=" + index, "input.path=" + table, "metric=cosine", "nlist=8")));
    AdviseResult result =
        advise("index=" + index, "nlist=[8]", "quantizer=[rabitq]", "dimension=[32, 16]");
    assertThat(result.rows()).isEqualTo(ROWS);
    assertThat(result.recommended()).isPresent();
    assertThat(of(result, "rabitq", 16).recall()).isLessThan(of(result, "rabitq", 32).recall());
  }

  /** Rows in a space of four dimensions, away from the origin: its axes say all of distances. */
  @Test
  void fewerDimensionsAreRecommendedWhereTheySayAll() throws Exception {
    int few = 4;
    Random random = new Random(11);
    float[][] directions = new float[few + 1][DIMENSION];
    for (float[] direction : directions) {
      for (int d = 0; d < DIMENSION; d++) {
        direction[d] = (float) (5 * random.nextGaussian());
      }
    }
    List<Row> rows = new ArrayList<>();
    for (int i = 0; i < ROWS; i++) {
      float[] vector = directions[few].clone();
      for (int axis = 0; axis < few; axis++) {
        double along = random.nextGaussian();
        for (int d = 0; d < DIMENSION; d++) {
          vector[d] += (float) (along * directions[axis][d]);
        }
      }
      rows.add(VectorRows.row((long) i, i, vector));
    }
    Path flat = directory.resolve("flat");
    VectorRows.table(rows).write().parquet(flat.toString());
    AdviseResult result =
        advise("input.path=" + flat, "nlist=[8]", "quantizer=[int8]", "dimension=[32, 4]");
    assertThat(of(result, "int8", few).recall()).isGreaterThanOrEqualTo(0.95);
    assertThat(of(result, "int8", few).memoryBytes())
        .isLessThan(of(result, "int8", DIMENSION).memoryBytes() / 2);
    assertThat(result.reduced().orElseThrow().candidate().dimension()).isEqualTo(few);
  }

  @Test
  void mistakesAreNamed() {
    assertThatThrownBy(() -> advise("recall=0.9"))
        .isInstanceOf(SettingsException.class)
        .hasMessageContaining("give either input.path or index");
    assertThatThrownBy(() -> advise("index=x", "recall=1.5"))
        .hasMessageContaining("recall 1.5 is not in (0, 1]");
    assertThatThrownBy(() -> advise("index=x", "quantizer=[pq]"))
        .hasMessageContaining("unknown quantizer 'pq'");
    assertThatThrownBy(() -> advise("index=" + directory.resolve("none")))
        .isInstanceOf(UnusableInputException.class)
        .hasMessageContaining("is no Tarn index");
    assertThatThrownBy(() -> advise("input.path=" + table, "dimension=[33]"))
        .isInstanceOf(UnusableInputException.class)
        .hasMessageContaining("dimension 33 is more than the vectors have: 32");
    assertThatThrownBy(() -> advise("input.path=" + table, "nlist=[1000]"))
        .isInstanceOf(UnusableInputException.class)
        .hasMessageContaining("nlist 1000 cannot be measured with 1140 rows");
  }
}
