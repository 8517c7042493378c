package io.tarn.spark.advise;

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
import io.tarn.index.feature.VectorRules;
import io.tarn.index.format.ModelFile;
import io.tarn.index.kernel.Kernels;
import io.tarn.index.quantize.Quantizer;
import io.tarn.index.search.Hit;
import io.tarn.index.search.IndexReader;
import io.tarn.index.search.IndexView;
import io.tarn.index.search.OpenOptions;
import io.tarn.index.search.Probe;
import io.tarn.index.search.SearchEffort;
import io.tarn.index.search.SearchResult;
import io.tarn.index.search.VectorTier;
import io.tarn.index.snapshot.SegmentRef;
import io.tarn.index.storage.LocalStorage;
import io.tarn.index.storage.Storage;
import io.tarn.index.write.FeatureBuffer;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.stream.Stream;

/**
 * Builds indexes of a sample, on a local disk, and searches them. What is known of the sample is
 * carried over to all rows: lists hold as many more rows as there are more; the model is there
 * once. With more rows true neighbours are nearer, and recall at the same nprobe is rather higher
 * than in the sample.
 */
final class Trial {
  private final Metric metric;
  private final int k;
  private final double wantedRecall;
  private final long allRows;

  /**
   * @param allRows how many rows the sample stands for
   */
  Trial(Metric metric, int k, double wantedRecall, long allRows) {
    this.metric = metric;
    this.k = k;
    this.wantedRecall = wantedRecall;
    this.allRows = allRows;
  }

  /**
   * Tries quantizers with the same lists.
   *
   * @param rows the sample in the candidates' dimension, row-major
   * @param queries likewise
   * @param truth for each query the numbers of its nearest rows, found with all values
   */
  List<Advice> run(
      List<Candidate> candidates, float[] rows, float[] queries, int[][] truth, long seed)
      throws IOException {
    awaitKernels();
    int dimension = candidates.get(0).dimension();
    float[] stored = stored(rows, dimension);
    float[] centroids =
        KMeans.train(metric, dimension, stored, candidates.get(0).nlist(), 10, seed, 1);
    List<Advice> advice = new ArrayList<>();
    for (Candidate candidate : candidates) {
      Model model = Model.of(metric, dimension, centroids, Quantizer.of(candidate.quantizer()));
      advice.add(measure(candidate, model, stored, queries, truth));
    }
    return advice;
  }

  /** Until they are compiled others do the work, and keep a row more or less for a closer look. */
  private static void awaitKernels() throws IOException {
    try {
      Kernels.awaitWarm();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IOException("interrupted while measuring", e);
    }
  }

  private float[] stored(float[] rows, int dimension) {
    Schema schema = schema(dimension);
    float[] stored = new float[rows.length];
    for (int at = 0; at < rows.length; at += dimension) {
      System.arraycopy(
          accepted(schema, Arrays.copyOfRange(rows, at, at + dimension)), 0, stored, at, dimension);
    }
    return stored;
  }

  private Schema schema(int dimension) {
    return new Schema(IdType.INT64, dimension, metric, List.of());
  }

  /** Under cosine a vector may have lost all its length with its dimensions. */
  private static float[] accepted(Schema schema, float[] vector) {
    try {
      return VectorRules.accept(schema, vector);
    } catch (RejectedFeatureException e) {
      float[] first = new float[vector.length];
      first[0] = 1;
      return first;
    }
  }

  private Advice measure(
      Candidate candidate, Model model, float[] rows, float[] queries, int[][] truth)
      throws IOException {
    int count = rows.length / candidate.dimension();
    Path directory = Files.createTempDirectory("tarn-trial");
    try (Storage storage = new LocalStorage(directory.resolve("all"));
        Storage small = new LocalStorage(directory.resolve("one"))) {
      SegmentRef segment = create(storage, model, rows, count);
      create(small, model, rows, 1);
      double memory = bytesPerRow(storage, small, VectorTier.MEMORY, count);
      double codes = bytesPerRow(storage, small, VectorTier.MAPPED, count);
      double files = (double) segment.file().bytes() / count;
      IndexView view = IndexReader.open(storage).view();
      for (int nprobe = 1; ; nprobe = Math.min(2 * nprobe, model.listCount())) {
        Advice advice =
            searched(candidate, model, view, nprobe, queries, truth, memory, codes, files);
        if (advice.recall() >= wantedRecall || nprobe == model.listCount()) {
          return advice;
        }
      }
    } finally {
      delete(directory);
    }
  }

  private SegmentRef create(Storage storage, Model model, float[] rows, int count)
      throws IOException {
    int dimension = model.dimension();
    FeatureBuffer buffer = new FeatureBuffer(storage, schema(dimension), model);
    for (int row = 0; row < count; row++) {
      float[] vector = Arrays.copyOfRange(rows, row * dimension, (row + 1) * dimension);
      buffer.add(new Feature(FeatureId.of((long) row), vector, 0, row, new Object[0]));
    }
    SegmentRef segment = buffer.flush().orElseThrow();
    Committer.create(
        new SnapshotLog(storage),
        new NewIndex(
            "advise", schema(dimension), ModelFile.write(storage, model), null, List.of(segment)));
    return segment;
  }

  /** What the rows take, beside what an index of a single row takes: the model. */
  private double bytesPerRow(Storage all, Storage one, VectorTier tier, int count)
      throws IOException {
    OpenOptions options = OpenOptions.defaults().withTier(tier);
    long bytes = IndexReader.open(all, options).memoryBytes();
    long model = IndexReader.open(one, options).memoryBytes();
    return (double) (bytes - model) / Math.max(1, count - 1) + (double) model / allRows;
  }

  private Advice searched(
      Candidate candidate,
      Model model,
      IndexView view,
      int nprobe,
      float[] queries,
      int[][] truth,
      double memory,
      double codes,
      double files) {
    int dimension = candidate.dimension();
    long scanned = 0;
    long refined = 0;
    long reranked = 0;
    long right = 0;
    long wanted = 0;
    for (int q = 0; q < truth.length; q++) {
      float[] query =
          accepted(
              schema(dimension), Arrays.copyOfRange(queries, q * dimension, (q + 1) * dimension));
      SearchResult result = search(view, query, nprobe);
      SearchEffort effort = result.effort();
      scanned += effort.rowsScanned();
      refined += effort.rowsRefined();
      reranked += effort.rowsReranked();
      wanted += truth[q].length;
      right += hits(result.hits(), truth[q]);
    }
    double more = (double) allRows / Math.max(1, view.liveRowCount());
    double rowsScanned = more * scanned / truth.length;
    Quantizer quantizer = model.quantizer();
    int codeBytes = quantizer.codeBytes(dimension) + (candidate.quantizer().equals("none") ? 0 : 4);
    double bytes =
        rowsScanned * codeBytes
            + (double) refined / truth.length * (quantizer.fullCodeBytes(dimension) + 8)
            // Without codes every row that is scanned is one whose vector is looked at.
            + (codeBytes == 0 ? more : 1) * reranked / truth.length * dimension * Float.BYTES
            + (double) model.listCount() * (dimension / 8 + 4);
    return new Advice(
        candidate, nprobe, (double) right / wanted, memory, codes, files, rowsScanned, bytes);
  }

  private SearchResult search(IndexView view, float[] query, int nprobe) {
    try {
      return view.search(query, k, Probe.nearest(nprobe));
    } catch (RejectedFeatureException e) {
      throw new IllegalStateException("a query that was accepted is refused", e);
    }
  }

  private static int hits(List<Hit> hits, int[] truth) {
    int right = 0;
    for (Hit hit : hits) {
      long id = (Long) hit.id().toObject();
      right += Arrays.stream(truth).anyMatch(row -> row == id) ? 1 : 0;
    }
    return right;
  }

  private static void delete(Path directory) throws IOException {
    try (Stream<Path> files = Files.walk(directory)) {
      for (Path file : files.sorted(Comparator.reverseOrder()).toList()) {
        Files.delete(file);
      }
    }
  }
}
