package io.tarn.index.maintain;

import static org.assertj.core.api.Assertions.assertThat;

import io.tarn.index.centroid.KMeans;
import io.tarn.index.centroid.ListCount;
import io.tarn.index.centroid.Model;
import io.tarn.index.commit.Committer;
import io.tarn.index.commit.NewIndex;
import io.tarn.index.commit.SnapshotLog;
import io.tarn.index.feature.Feature;
import io.tarn.index.feature.FeatureId;
import io.tarn.index.feature.IdType;
import io.tarn.index.feature.Metric;
import io.tarn.index.feature.Schema;
import io.tarn.index.format.ModelFile;
import io.tarn.index.quantize.Quantizer;
import io.tarn.index.search.Hit;
import io.tarn.index.search.IndexReader;
import io.tarn.index.search.IndexView;
import io.tarn.index.search.OpenOptions;
import io.tarn.index.search.Probe;
import io.tarn.index.search.SearchResult;
import io.tarn.index.snapshot.Change;
import io.tarn.index.storage.MemoryStorage;
import io.tarn.index.storage.Storage;
import io.tarn.index.write.FeatureBuffer;
import io.tarn.index.write.ModelReassigner;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Random;
import java.util.Set;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/**
 * Rows come cluster by cluster into an index that was trained on the first tenth of them: with
 * maintenance it finds as much as one that is built from all, with about as much work; without it
 * the rows of later clusters crowd in few lists, and searches look at many times as many.
 */
class MovingDistributionTest {
  private static final int DIMENSION = 16;
  private static final int CLUSTERS = 40;
  private static final int ROWS = 10_000;
  private static final int COMMIT_ROWS = 500;
  private static final int QUERIES = 200;
  private static final int K = 10;
  private static final int NPROBE = 6;
  private static final double ALLOWED_LOSS = 0.02;
  private static final Schema SCHEMA = new Schema(IdType.INT64, DIMENSION, Metric.L2, List.of());
  private static final MaintenanceRules RULES =
      new MaintenanceRules(0, 2, 0.125, 0.25, 8, 64L << 20);

  private static float[] rows;
  private static float[][] queries;

  @BeforeAll
  static void draw() {
    Random random = new Random(5);
    float[][] centers = new float[CLUSTERS][DIMENSION];
    for (float[] center : centers) {
      for (int d = 0; d < DIMENSION; d++) {
        center[d] = (float) random.nextGaussian() * 3;
      }
    }
    rows = new float[ROWS * DIMENSION];
    for (int row = 0; row < ROWS; row++) {
      around(centers[row / (ROWS / CLUSTERS)], random, rows, row * DIMENSION);
    }
    queries = new float[QUERIES][DIMENSION];
    for (float[] query : queries) {
      around(centers[random.nextInt(CLUSTERS)], random, query, 0);
    }
  }

  private static void around(float[] center, Random random, float[] out, int at) {
    for (int d = 0; d < DIMENSION; d++) {
      out[at + d] = center[d] + (float) random.nextGaussian();
    }
  }

  @Test
  void searchesStayThoseOfAFreshIndexWithMaintenanceOnly() throws Exception {
    Found fresh = search(streamed(ROWS, false));
    Found maintained = search(streamed(ROWS / 10, true));
    Found neglected = search(streamed(ROWS / 10, false));
    System.out.printf(
        "nprobe %d: built from all %s, maintained %s, not maintained %s%n",
        NPROBE, fresh, maintained, neglected);

    assertThat(maintained.recall).isGreaterThan(fresh.recall - ALLOWED_LOSS);
    assertThat(maintained.scanned).isLessThan(2 * fresh.scanned);
    assertThat(neglected.scanned).isGreaterThan(4 * fresh.scanned);
  }

  /** An index that is trained on the first rows, and to which all are appended bit by bit. */
  private static IndexView streamed(int trainedRows, boolean maintained) throws Exception {
    Storage storage = new MemoryStorage();
    int lists = ListCount.byDefault(trainedRows, trainedRows);
    float[] sample = Arrays.copyOf(rows, trainedRows * DIMENSION);
    float[] centroids = KMeans.train(Metric.L2, DIMENSION, sample, lists, 10, 1, 1);
    Model first = Model.of(Metric.L2, DIMENSION, centroids, Quantizer.byDefault());
    SnapshotLog log = new SnapshotLog(storage);
    Committer.create(
        log, new NewIndex("test", SCHEMA, ModelFile.write(storage, first), null, List.of()));
    Committer committer = new Committer(log, new ModelReassigner(storage));
    ContinuousMaintenance maintenance =
        new ContinuousMaintenance(storage, RULES::settings, OpenOptions.defaults());
    for (int from = 0; from < ROWS; from += COMMIT_ROWS) {
      Model model = ModelFile.read(storage, log.newest().model());
      FeatureBuffer buffer = new FeatureBuffer(storage, SCHEMA, model);
      for (int row = from; row < from + COMMIT_ROWS; row++) {
        float[] vector = Arrays.copyOfRange(rows, row * DIMENSION, (row + 1) * DIMENSION);
        buffer.add(new Feature(FeatureId.of(row), vector, row, row, new Object[0]));
      }
      committer.commit(
          Change.append(
              "append", log.newest().model().id(), List.of(buffer.flush().orElseThrow())));
      while (maintained && maintenance.tidy().isPresent()) {
        // All that is worth doing.
      }
    }
    return IndexReader.open(storage).view();
  }

  /** Recall@10, and rows scanned a query. */
  private record Found(int lists, double recall, double scanned) {}

  private static Found search(IndexView view) throws Exception {
    int found = 0;
    long scanned = 0;
    for (float[] query : queries) {
      Set<FeatureId> near = new HashSet<>();
      view.search(query, K, Probe.exact()).hits().forEach(hit -> near.add(hit.id()));
      SearchResult result = view.search(query, K, Probe.nearest(NPROBE));
      scanned += result.effort().rowsScanned();
      for (Hit hit : result.hits()) {
        found += near.contains(hit.id()) ? 1 : 0;
      }
    }
    return new Found(
        view.model().listCount(),
        found / (double) (K * queries.length),
        scanned / (double) queries.length);
  }
}
