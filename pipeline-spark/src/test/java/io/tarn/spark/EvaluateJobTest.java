package io.tarn.spark;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import io.tarn.index.evaluate.RecallEvaluation;
import io.tarn.index.feature.Feature;
import io.tarn.index.feature.FeatureId;
import io.tarn.index.feature.IdType;
import io.tarn.index.feature.Metric;
import io.tarn.index.feature.Schema;
import io.tarn.index.search.IndexView;
import io.tarn.index.search.Probe;
import io.tarn.index.snapshot.CalibrationPoint;
import io.tarn.settings.Settings;
import io.tarn.spark.input.UnusableInputException;
import io.tarn.spark.neighbours.CoreIndex;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.apache.spark.sql.Row;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Recall measured with Spark beside recall measured in one process. */
class EvaluateJobTest {
  @TempDir static Path directory;
  private static Path index;
  private static Path queries;
  private static List<Row> queryRows;

  @BeforeAll
  static void create() throws Exception {
    index = directory.resolve("index");
    SampleIndex.create(index);
    queries = directory.resolve("queries");
    // Far from all clusters: hardly a list holds all neighbours of one.
    queryRows = VectorRows.clustered(120, SampleIndex.DIMENSION, 77);
    VectorRows.table(queryRows).write().parquet(queries.toString());
  }

  private static EvaluateResult evaluate(String... settings) throws Exception {
    List<String> all = new ArrayList<>(List.of(settings));
    all.add("index=" + index);
    return EvaluateJob.run(
        LocalSpark.session(), Settings.load(EvaluateSettings.class, Optional.empty(), all));
  }

  @Test
  void recallIsThatOfOneProcess() throws Exception {
    EvaluateResult result =
        evaluate("queries.path=" + queries, "nprobe=[1, 3, 24]", "calibrate=false", "k=7");
    IndexView view = IndexFiles.view(index);
    List<float[]> vectors = queryRows.stream().map(VectorRows::vector).toList();
    RecallEvaluation expected =
        RecallEvaluation.againstExactSearch(view, vectors, 7, 2, done -> {});
    assertThat(result.queries()).isEqualTo(120);
    assertThat(result.calibrated()).isEmpty();
    assertThat(result.measured()).hasSize(3);
    for (CalibrationPoint point : result.measured()) {
      // Bounds of codes may err, and differently if lists come in another order.
      assertThat(point.recall())
          .isCloseTo(expected.measure(point.nprobe(), 2, done -> {}).recall(), within(0.01));
    }
    assertThat(result.measured().get(0).recall()).isLessThan(0.95);
  }

  @Test
  void queriesMayBeText() throws Exception {
    Path texts = directory.resolve("texts");
    VectorRows.table(queryRows)
        .selectExpr("cast(vector as string) as vector")
        .write()
        .json(texts.toString());
    EvaluateResult result =
        evaluate(
            "queries.path=" + texts, "queries.format=json", "nprobe=[1, 3]", "calibrate=false");
    assertThat(result.queries()).isEqualTo(120);
    EvaluateResult ofArrays =
        evaluate("queries.path=" + queries, "nprobe=[1, 3]", "calibrate=false");
    for (int i = 0; i < 2; i++) {
      // Recalls are summed up in the order of the queries, which is another.
      assertThat(result.measured().get(i).recall())
          .isCloseTo(ofArrays.measured().get(i).recall(), within(1e-9));
    }
    Path bad = directory.resolve("bad-texts");
    LocalSpark.session().sql("select '[1; 2]' as vector").write().parquet(bad.toString());
    assertThatThrownBy(() -> evaluate("queries.path=" + bad))
        .isInstanceOf(UnusableInputException.class)
        .hasMessageContaining("a query cannot be used: value 0 of the vector is '1; 2'");
  }

  @Test
  void calibrationIsKeptInTheIndex() throws Exception {
    EvaluateResult result = evaluate("queries.count=90");
    assertThat(result.queries()).isEqualTo(90);
    assertThat(result.measured().stream().map(CalibrationPoint::nprobe))
        .containsExactly(1, 2, 4, 8, 16, 24);
    assertThat(result.measured().get(5).recall()).isGreaterThan(0.99);
    IndexView view = IndexFiles.view(index);
    assertThat(result.calibrated()).contains(view.snapshot().version());
    assertThat(view.snapshot().calibration()).containsAll(result.measured());
    assertThat(Probe.recall(0.99).listsWanted(view.snapshot(), 10)).isLessThanOrEqualTo(24);
    assertThat(evaluate("queries.count=90", "calibrate=false").measured())
        .isEqualTo(result.measured());
    assertThat(evaluate("queries.count=90", "calibrate=false", "queries.seed=7").measured())
        .isNotEqualTo(result.measured());
  }

  /** A row is not counted as its own neighbour: with one list of many it would be a free hit. */
  @Test
  void queriesOfTheIndexDoNotFindThemselves() throws Exception {
    Path far = directory.resolve("far");
    Schema schema = new Schema(IdType.STRING, 1, Metric.L2, List.of());
    List<Feature> features = new ArrayList<>();
    for (int i = 0; i < 2; i++) {
      features.add(new Feature(FeatureId.of("f" + i), new float[] {i}, 0, i, new Object[0]));
    }
    CoreIndex.create(far, schema, features, 2);
    EvaluateResult result =
        EvaluateJob.run(
            LocalSpark.session(),
            Settings.load(
                EvaluateSettings.class,
                Optional.empty(),
                List.of("index=" + far, "k=1", "calibrate=false", "nprobe=[2]")));
    assertThat(result.queries()).isEqualTo(2);
    assertThat(result.measured()).containsExactly(new CalibrationPoint(2, 1, 1.0));
  }

  @Test
  void mistakesAreNamed() {
    assertThatThrownBy(() -> evaluate("queries.path=" + queries, "queries.vector-column=v"))
        .isInstanceOf(UnusableInputException.class)
        .hasMessageContaining("has no column 'v'; its columns are id, vector, ts");
    assertThatThrownBy(() -> evaluate("queries.path=" + queries, "queries.vector-column=id"))
        .isInstanceOf(UnusableInputException.class)
        .hasMessageContaining(
            "has the type bigint; it must be an array of numbers, or text such as [0.5, 2]");
    assertThatThrownBy(() -> evaluate("version=99"))
        .isInstanceOf(UnusableInputException.class)
        .hasMessageContaining("has no version 99");
    assertThatThrownBy(() -> evaluate("nprobe=[0]")).hasMessageContaining("nprobe 0 is less");
    assertThatThrownBy(() -> evaluate("k=0")).hasMessageContaining("k 0 is less than 1");
    assertThatThrownBy(() -> evaluate("queries.count=0")).hasMessageContaining("count 0 is less");
  }
}
