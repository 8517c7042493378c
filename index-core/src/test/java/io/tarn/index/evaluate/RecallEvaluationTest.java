package io.tarn.index.evaluate;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.tarn.index.centroid.KMeans;
import io.tarn.index.centroid.Model;
import io.tarn.index.commit.Committer;
import io.tarn.index.commit.NewIndex;
import io.tarn.index.commit.SnapshotLog;
import io.tarn.index.feature.Feature;
import io.tarn.index.feature.FeatureId;
import io.tarn.index.feature.IdType;
import io.tarn.index.feature.Metric;
import io.tarn.index.feature.RejectedFeatureException;
import io.tarn.index.feature.Schema;
import io.tarn.index.format.ModelFile;
import io.tarn.index.quantize.Quantizer;
import io.tarn.index.search.Hit;
import io.tarn.index.search.IndexReader;
import io.tarn.index.search.IndexView;
import io.tarn.index.storage.LocalStorage;
import io.tarn.index.storage.Storage;
import io.tarn.index.write.FeatureBuffer;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class RecallEvaluationTest {
  private static final int DIMENSION = 8;
  private static final int LISTS = 32;

  @TempDir Path dir;

  @Test
  void recallRisesWithTheListsProbedAndIsOneWhenAllAre() throws Exception {
    List<float[]> rows = randomRows(2_000, 1);
    RecallEvaluation evaluation =
        RecallEvaluation.againstExactSearch(
            index(rows, IdType.INT64), randomRows(100, 2), 10, 2, answered -> {});

    double one = evaluation.measure(1, 1, answered -> {}).recall();
    double four = evaluation.measure(4, 1, answered -> {}).recall();
    double all = evaluation.measure(LISTS, 2, answered -> {}).recall();

    assertThat(one).isBetween(0.05, 0.9);
    assertThat(four).isBetween(one, 1.0).isNotEqualTo(one);
    assertThat(all).isEqualTo(1.0);
  }

  @Test
  void givenTruthAgreesWithExactSearch() throws Exception {
    List<float[]> rows = randomRows(500, 3);
    List<float[]> queries = randomRows(50, 4);
    List<int[]> truth = queries.stream().map(query -> nearest(query, rows)).toList();
    IndexView view = index(rows, IdType.INT64);

    RecallEvaluation given = RecallEvaluation.againstTruth(view, queries, 10, truth);
    RecallEvaluation searched =
        RecallEvaluation.againstExactSearch(view, queries, 10, 1, answered -> {});

    assertThat(given.measure(LISTS, 1, answered -> {}).recall()).isEqualTo(1.0);
    assertThat(given.measure(2, 1, answered -> {}).recall())
        .isEqualTo(searched.measure(2, 1, answered -> {}).recall());
  }

  @Test
  void anyOfEquallyNearFeaturesIsRight() {
    TrueNeighbours truth = new TrueNeighbours.Within(2, 4f);
    assertThat(truth.share(List.of(hit(7, 1f), hit(8, 4f)))).isEqualTo(1.0);
    assertThat(truth.share(List.of(hit(7, 4f), hit(9, 4f)))).isEqualTo(1.0);
    assertThat(truth.share(List.of(hit(7, 1f), hit(9, 5f)))).isEqualTo(0.5);
  }

  @Test
  void anIndexSmallerThanKCanStillBePerfect() throws Exception {
    RecallEvaluation evaluation =
        RecallEvaluation.againstExactSearch(
            index(randomRows(3, 5), IdType.INT64), randomRows(2, 6), 10, 1, answered -> {});
    assertThat(evaluation.measure(1, 1, answered -> {}).recall()).isEqualTo(1.0);
  }

  @Test
  void everyQueryIsSearchedOnceWhateverTheThreads() throws Exception {
    RecallEvaluation evaluation =
        RecallEvaluation.againstExactSearch(
            index(randomRows(300, 7), IdType.INT64), randomRows(97, 8), 5, 3, answered -> {});
    AtomicInteger most = new AtomicInteger();
    Measurement measured = evaluation.measure(3, 3, n -> most.accumulateAndGet(n, Math::max));

    assertThat(most).hasValue(97);
    assertThat(measured.nprobe()).isEqualTo(3);
    assertThat(measured.queriesPerSecond()).isPositive();
    assertThat(measured.p99Us()).isGreaterThanOrEqualTo(measured.p50Us());
    assertThat(measured.p50Us()).isPositive();
  }

  @Test
  void percentilesAreValuesThatWereMeasured() {
    long[] values = IntStream.rangeClosed(1, 100).mapToLong(i -> i * 10L).toArray();
    assertThat(RecallEvaluation.percentile(values, 0.5)).isEqualTo(500);
    assertThat(RecallEvaluation.percentile(values, 0.99)).isEqualTo(990);
    assertThat(RecallEvaluation.percentile(new long[] {7}, 0.99)).isEqualTo(7);
  }

  @Test
  void saysWhichQueryOrTruthDoesNotFit() throws Exception {
    IndexView view = index(randomRows(20, 9), IdType.INT64);
    List<float[]> queries = randomRows(3, 10);
    List<float[]> oneTooShort = List.of(queries.get(0), new float[3]);
    assertThatThrownBy(
            () -> RecallEvaluation.againstExactSearch(view, oneTooShort, 5, 1, answered -> {}))
        .isInstanceOf(RejectedFeatureException.class)
        .hasMessage("query 1: the vector has 3 values, the index has 8");
    assertThatThrownBy(
            () -> RecallEvaluation.againstTruth(view, queries, 2, List.of(new int[] {1, 2})))
        .hasMessage("the ground truth covers 1 of 3 queries");
    List<int[]> narrow = List.of(new int[] {1, 2}, new int[] {1, 2}, new int[] {1});
    assertThatThrownBy(() -> RecallEvaluation.againstTruth(view, queries, 2, narrow))
        .hasMessage("the ground truth names 1 neighbours of query 2, fewer than k 2");
  }

  @Test
  void refusesNumberedTruthForTextIds() throws Exception {
    IndexView view = index(randomRows(20, 11), IdType.STRING);
    assertThatThrownBy(
            () -> RecallEvaluation.againstTruth(view, randomRows(1, 12), 1, List.of(new int[] {1})))
        .hasMessageContaining("the ids of this index are string");
  }

  private static Hit hit(long id, float distance) {
    return new Hit(FeatureId.of(id), distance, Map.of());
  }

  private static List<float[]> randomRows(int count, long seed) {
    SplittableRandom random = new SplittableRandom(seed);
    List<float[]> rows = new ArrayList<>();
    for (int r = 0; r < count; r++) {
      float[] row = new float[DIMENSION];
      for (int i = 0; i < DIMENSION; i++) {
        row[i] = (float) random.nextDouble(-1, 1);
      }
      rows.add(row);
    }
    return rows;
  }

  /** The ten nearest by plain arithmetic, as a set made by someone else would have them. */
  private static int[] nearest(float[] query, List<float[]> rows) {
    return IntStream.range(0, rows.size())
        .boxed()
        .sorted(Comparator.comparingDouble(r -> squaredDistance(query, rows.get(r))))
        .mapToInt(Integer::intValue)
        .limit(10)
        .toArray();
  }

  private static double squaredDistance(float[] a, float[] b) {
    double sum = 0;
    for (int i = 0; i < a.length; i++) {
      sum += ((double) a[i] - b[i]) * ((double) a[i] - b[i]);
    }
    return sum;
  }

  private IndexView index(List<float[]> rows, IdType idType) throws Exception {
    Storage storage = new LocalStorage(dir);
    Schema schema = new Schema(idType, DIMENSION, Metric.L2, List.of());
    float[] sample = new float[rows.size() * DIMENSION];
    for (int r = 0; r < rows.size(); r++) {
      System.arraycopy(rows.get(r), 0, sample, r * DIMENSION, DIMENSION);
    }
    float[] centroids = KMeans.train(Metric.L2, DIMENSION, sample, LISTS, 5, 1, 1);
    Model model = Model.of(Metric.L2, DIMENSION, centroids, Quantizer.byDefault());
    FeatureBuffer buffer = new FeatureBuffer(storage, schema, model);
    for (int r = 0; r < rows.size(); r++) {
      FeatureId id = FeatureId.parse(idType, Integer.toString(r));
      buffer.add(new Feature(id, rows.get(r), 0, r, new Object[0]));
    }
    Committer.create(
        new SnapshotLog(storage),
        new NewIndex(
            "build",
            schema,
            ModelFile.write(storage, model),
            null,
            List.of(buffer.flush().orElseThrow())));
    return IndexReader.open(storage).view();
  }
}
