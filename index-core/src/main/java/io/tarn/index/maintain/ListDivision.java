package io.tarn.index.maintain;

import io.tarn.index.centroid.Assigner;
import io.tarn.index.centroid.KMeans;
import io.tarn.index.centroid.Model;
import io.tarn.index.segment.RowVectors;
import io.tarn.index.segment.Segment;
import java.io.IOException;
import java.util.Arrays;
import java.util.Map;
import java.util.Set;
import java.util.SortedMap;
import java.util.TreeMap;

/** Finds two centroids for the newest rows of each of some lists. */
final class ListDivision {
  /** Rows beyond this many floats, 256 MiB for all lists together, are sampled. */
  private static final int MAX_TRAINING_FLOATS = 64 << 20;

  private final Model model;
  private final SplitSettings settings;

  ListDivision(Model model, SplitSettings settings) {
    this.model = model;
    this.settings = settings;
  }

  /** By list two centroids, row-major; without the lists whose rows do not fall into two parts. */
  SortedMap<Integer, float[]> centroids(Survey survey, Set<Integer> lists) throws IOException {
    SortedMap<Integer, float[]> centroids = new TreeMap<>();
    for (Map.Entry<Integer, Sample> list : samples(survey, lists).entrySet()) {
      float[] two = divide(list.getValue().rows);
      if (two.length > 0) {
        centroids.put(list.getKey(), two);
      }
    }
    return centroids;
  }

  /** The most even of several outcomes of 2-means; empty if none is even enough. */
  float[] divide(float[] rows) {
    int dimension = model.dimension();
    int count = rows.length / dimension;
    float[] best = {};
    int bestLarger = count;
    for (int trial = 0; trial < settings.trials() && count > 1; trial++) {
      long seed = settings.seed() + trial;
      float[] two =
          KMeans.train(model.metric(), dimension, rows, 2, settings.iterations(), seed, 1);
      if (two.length == 2 * dimension) {
        int larger = rowsOfLargerPart(two, rows);
        if (larger < bestLarger) {
          bestLarger = larger;
          best = two;
        }
      }
    }
    return count - bestLarger < settings.minPartShare() * count ? new float[0] : best;
  }

  private int rowsOfLargerPart(float[] centroids, float[] rows) {
    Model two = Model.of(model.metric(), model.dimension(), centroids, model.quantizer());
    int[] parts = new int[rows.length / model.dimension()];
    new Assigner(two).assign(rows, 0, parts.length, parts, 0);
    int second = Arrays.stream(parts).sum();
    return Math.max(second, parts.length - second);
  }

  /** Every n-th row of a list, in the order of the segments. */
  private static final class Sample {
    private long total;
    private long stride;
    private float[] rows;
    private long passed;
    private int used;

    void makeRoom(long mostRows, int dimension) {
      stride = Math.max(1, (total + mostRows - 1) / mostRows);
      rows = new float[Math.toIntExact((total + stride - 1) / stride * dimension)];
    }

    void offer(RowVectors vectors, int row) {
      if (passed++ % stride == 0) {
        vectors.copy(row, rows, used);
        used += vectors.dimension();
      }
    }
  }

  /** Reads each segment once, however many lists there are. */
  private SortedMap<Integer, Sample> samples(Survey survey, Set<Integer> lists) throws IOException {
    SortedMap<Integer, Sample> samples = new TreeMap<>();
    lists.forEach(list -> samples.put(list, new Sample()));
    for (int s = 0; s < survey.size(); s++) {
      forEachNewest(survey, s, survey.outline(s), samples, (sample, row) -> sample.total++);
    }
    int dimension = model.dimension();
    long mostRows = Math.max(2, MAX_TRAINING_FLOATS / dimension / Math.max(1, lists.size()));
    samples.values().forEach(sample -> sample.makeRoom(mostRows, dimension));
    for (int s = 0; s < survey.size(); s++) {
      Segment segment = survey.segment(s);
      forEachNewest(
          survey,
          s,
          segment,
          samples,
          (sample, row) -> sample.offer(segment.vectors(), row - segment.deletes()));
    }
    return samples;
  }

  private interface SampledRow {
    void accept(Sample sample, int row);
  }

  private static void forEachNewest(
      Survey survey,
      int subject,
      Segment segment,
      SortedMap<Integer, Sample> samples,
      SampledRow use) {
    int[] lists = segment.lists().toArray();
    Sample sample = null;
    for (int row = segment.deletes(); row < lists.length; row++) {
      if (row == segment.deletes() || lists[row] != lists[row - 1]) {
        sample = samples.get(lists[row]);
      }
      if (sample != null && survey.isNewest(subject, row)) {
        use.accept(sample, row);
      }
    }
  }
}
