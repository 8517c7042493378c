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

  /** Of a tenth, which is when rows have grown enough, a part that is smaller at all times. */
  private static final int GROWTH_COMMIT_ROWS = 50;

  private static final GrowthRules GROWTH = new GrowthRules(0.1, 100, 0.025);
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
    Found fresh = search(streamed(ROWS, false), NPROBE);
    Found maintained = search(streamed(ROWS / 10, true), NPROBE);
    Found neglected = search(streamed(ROWS / 10, false), NPROBE);
    System.out.printf(
        "nprobe %d: built from all %s, maintained %s, not maintained %s%n",
        NPROBE, fresh, maintained, neglected);

    assertThat(maintained.recall).isGreaterThan(fresh.recall - ALLOWED_LOSS);
    assertThat(maintained.scanned).isLessThan(2 * fresh.scanned);
    assertThat(neglected.scanned).isGreaterThan(4 * fresh.scanned);
  }

  @Test
  void listsThatFollowGrowthKeepUpAtEveryMoment() throws Exception {
    int trainedRows = ROWS / 10;
    Storage storage = new MemoryStorage();
    ContinuousMaintenance maintenance =
        new ContinuousMaintenance(storage, RULES::settings, OpenOptions.defaults());
    trained(storage, trainedRows, ListCount.byDefault(trainedRows, trainedRows));
    long written = 0;
    int added = 0;
    for (int from = 0; from < ROWS; from += GROWTH_COMMIT_ROWS) {
      append(storage, from, from + GROWTH_COMMIT_ROWS);
      maintenance.mergeSegments();
      if (maintenance.hasArrivals(GROWTH) && maintenance.addLists().isPresent()) {
        added++;
      }
      if (maintenance.hasGrown(GROWTH)) {
        written += maintenance.splitCrowded(GROWTH).isPresent() ? from + GROWTH_COMMIT_ROWS : 0;
      }
      int to = from + GROWTH_COMMIT_ROWS;
      if (to * 4 == ROWS || to * 2 == ROWS || to == ROWS) {
        IndexView view = IndexReader.open(storage).view();
        Storage other = new MemoryStorage();
        trained(other, to, view.model().listCount());
        append(other, 0, to);
        for (int nprobe : new int[] {6, 12}) {
          Found fresh = search(IndexReader.open(other).view(), nprobe);
          Found kept = search(view, nprobe);
          System.out.printf(
              "%d rows, nprobe %d: built anew %s, kept %s%n", to, nprobe, fresh, kept);
          assertThat(kept.recall).isGreaterThan(fresh.recall - ALLOWED_LOSS);
          assertThat(kept.scanned).isLessThan(2 * fresh.scanned);
        }
      }
    }
    assertThat(added).as("times that lists were made for rows that came").isGreaterThan(20);
    assertThat(written)
        .as("rows that splits can have written")
        .isLessThan((long) (ROWS * (1 + 1 / GROWTH.share())));
  }

  /** An index that is trained on the first rows, and to which all are appended bit by bit. */
  private static IndexView streamed(int trainedRows, boolean maintained) throws Exception {
    Storage storage = new MemoryStorage();
    trained(storage, trainedRows, ListCount.byDefault(trainedRows, trainedRows));
    ContinuousMaintenance maintenance =
        new ContinuousMaintenance(storage, RULES::settings, OpenOptions.defaults());
    for (int from = 0; from < ROWS; from += COMMIT_ROWS) {
      append(storage, from, from + COMMIT_ROWS);
      while (maintained && maintenance.tidy().isPresent()) {
        // All that is worth doing.
      }
    }
    return IndexReader.open(storage).view();
  }

  /** An index without rows. */
  private static void trained(Storage storage, int trainedRows, int lists) throws Exception {
    float[] sample = Arrays.copyOf(rows, trainedRows * DIMENSION);
    float[] centroids = KMeans.train(Metric.L2, DIMENSION, sample, lists, 10, 1, 1);
    Model first = Model.of(Metric.L2, DIMENSION, centroids, Quantizer.byDefault());
    Committer.create(
        new SnapshotLog(storage),
        new NewIndex("test", SCHEMA, ModelFile.write(storage, first), null, List.of()));
  }

  private static void append(Storage storage, int from, int to) throws Exception {
    SnapshotLog log = new SnapshotLog(storage);
    Model model = ModelFile.read(storage, log.newest().model());
    FeatureBuffer buffer = new FeatureBuffer(storage, SCHEMA, model);
    for (int row = from; row < to; row++) {
      float[] vector = Arrays.copyOfRange(rows, row * DIMENSION, (row + 1) * DIMENSION);
      buffer.add(new Feature(FeatureId.of(row), vector, row, row, new Object[0]));
    }
    new Committer(log, new ModelReassigner(storage))
        .commit(
            Change.append(
                "append", log.newest().model().id(), List.of(buffer.flush().orElseThrow())));
  }

  /** Recall@10, and rows scanned a query. */
  private record Found(int lists, double recall, double scanned) {}

  private static Found search(IndexView view, int nprobe) throws Exception {
    int found = 0;
    long scanned = 0;
    for (float[] query : queries) {
      Set<FeatureId> near = new HashSet<>();
      view.search(query, K, Probe.exact()).hits().forEach(hit -> near.add(hit.id()));
      SearchResult result = view.search(query, K, Probe.nearest(nprobe));
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
