package io.tarn.index.maintain;

import io.tarn.index.centroid.Assigner;
import io.tarn.index.centroid.KMeans;
import io.tarn.index.centroid.Model;
import io.tarn.index.feature.Metric;
import io.tarn.index.segment.RowVectors;
import io.tarn.index.segment.Segment;
import java.io.IOException;
import java.util.Arrays;
import java.util.BitSet;
import java.util.Collection;
import java.util.Map;
import java.util.Set;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.TreeSet;

/** Finds centroids for the newest rows of each of some lists. */
final class ListDivision {
  /** Rows beyond this many floats, 256 MiB for all lists together, are sampled. */
  private static final int MAX_TRAINING_FLOATS = 64 << 20;

  /** So many rows tell well enough where a centroid belongs. */
  private static final int ROWS_PER_MOVED_CENTROID = 128;

  /** With fewer rows the mean of a part means little. */
  private static final int MIN_SAMPLE_ROWS_PER_PART = 8;

  private final Model model;
  private final SplitSettings settings;

  ListDivision(Model model, SplitSettings settings) {
    this.model = model;
    this.settings = settings;
  }

  /** By list its centroids, row-major; without the lists whose rows do not fall into parts. */
  SortedMap<Integer, float[]> centroids(Survey survey, Set<Integer> lists) throws IOException {
    SortedMap<Integer, float[]> centroids = new TreeMap<>();
    for (Map.Entry<Integer, Sample> list : samples(survey, lists, MAX_TRAINING_FLOATS).entrySet()) {
      float[] parts = divide(list.getValue().rows, list.getValue().total);
      if (parts.length > 0) {
        centroids.put(list.getKey(), parts);
      }
    }
    return centroids;
  }

  /** The lists of which rows may move when these are divided. */
  Set<Integer> reach(Set<Integer> lists) {
    Set<Integer> divided = new TreeSet<>(lists);
    if (settings.rounds() > 0) {
      addNeighbours(lists, divided);
    }
    Set<Integer> reach = new TreeSet<>(divided);
    addNeighbours(divided, reach);
    return reach;
  }

  private void addNeighbours(Set<Integer> lists, Set<Integer> all) {
    for (int list : lists) {
      all.addAll(ListMoves.neighbours(model, list, settings.neighbourLists()));
    }
  }

  /** The centroids of new lists, and by their numbers those of the lists around them. */
  SortedMap<Integer, float[]> withNeighbours(SortedMap<Integer, float[]> divided) {
    SortedMap<Integer, float[]> all = new TreeMap<>(divided);
    int dimension = model.dimension();
    for (int list : divided.keySet()) {
      for (int near : ListMoves.neighbours(model, list, settings.neighbourLists())) {
        int place = Arrays.binarySearch(model.listIds(), near) * dimension;
        all.computeIfAbsent(
            near, n -> Arrays.copyOfRange(model.centroids(), place, place + dimension));
      }
    }
    return all;
  }

  /**
   * Brings centroids, in rounds of k-means, to where the newest rows of some lists are.
   *
   * @param around by list the centroids to begin with
   */
  SortedMap<Integer, float[]> moved(Survey survey, SortedMap<Integer, float[]> around)
      throws IOException {
    float[] centroids = new float[around.values().stream().mapToInt(c -> c.length).sum()];
    long most = Math.min(MAX_TRAINING_FLOATS, (long) ROWS_PER_MOVED_CENTROID * centroids.length);
    SortedMap<Integer, Sample> samples = samples(survey, around.keySet(), most);
    int known = 0;
    for (float[] some : around.values()) {
      System.arraycopy(some, 0, centroids, known, some.length);
      known += some.length;
    }
    for (int round = 0; round < settings.rounds(); round++) {
      centroids = means(centroids, samples.values());
    }
    SortedMap<Integer, float[]> moved = new TreeMap<>();
    int from = 0;
    for (Map.Entry<Integer, float[]> list : around.entrySet()) {
      int to = from + list.getValue().length;
      moved.put(list.getKey(), Arrays.copyOfRange(centroids, from, to));
      from = to;
    }
    return moved;
  }

  /** The means of the rows that are nearest to each centroid; itself, where there are none. */
  private float[] means(float[] centroids, Collection<Sample> samples) {
    int dimension = model.dimension();
    double[] sums = new double[centroids.length];
    int[] counts = new int[centroids.length / dimension];
    Assigner assigner =
        new Assigner(Model.of(model.metric(), dimension, centroids, model.quantizer()));
    for (Sample sample : samples) {
      int[] nearest = new int[sample.used / dimension];
      assigner.assign(sample.rows, 0, nearest.length, nearest, 0);
      for (int row = 0; row < nearest.length; row++) {
        counts[nearest[row]]++;
        for (int i = 0; i < dimension; i++) {
          sums[nearest[row] * dimension + i] += sample.rows[row * dimension + i];
        }
      }
    }
    float[] means = centroids.clone();
    for (int c = 0; c < counts.length; c++) {
      double scale = scale(sums, c * dimension, counts[c]);
      for (int i = c * dimension; scale > 0 && i < (c + 1) * dimension; i++) {
        means[i] = (float) (sums[i] * scale);
      }
    }
    return means;
  }

  /** What makes a centroid of a sum of rows; 0 if nothing does. */
  private double scale(double[] sums, int from, int count) {
    if (model.metric() != Metric.COSINE) {
      return count == 0 ? 0 : 1.0 / count;
    }
    double squared = 0;
    for (int i = from; i < from + model.dimension(); i++) {
      squared += sums[i] * sums[i];
    }
    return squared == 0 ? 0 : 1 / Math.sqrt(squared);
  }

  /**
   * The most even of several outcomes of k-means; empty if none is even enough.
   *
   * @param rows of the list, or a sample of them
   * @param live how many rows the list has
   */
  float[] divide(float[] rows, long live) {
    int dimension = model.dimension();
    int count = rows.length / dimension;
    int wanted = Math.min(settings.parts(live), Math.max(2, count / MIN_SAMPLE_ROWS_PER_PART));
    float[] best = {};
    int bestLargest = count;
    for (int trial = 0; trial < settings.trials() && count > 1; trial++) {
      long seed = settings.seed() + trial;
      float[] parts =
          KMeans.train(model.metric(), dimension, rows, wanted, settings.iterations(), seed, 1);
      if (parts.length >= 2 * dimension) {
        int largest = rowsOfLargestPart(parts, rows);
        if (largest < bestLargest) {
          bestLargest = largest;
          best = parts;
        }
      }
    }
    return count - bestLargest < settings.minPartShare() * count ? new float[0] : best;
  }

  private int rowsOfLargestPart(float[] centroids, float[] rows) {
    Model parts = Model.of(model.metric(), model.dimension(), centroids, model.quantizer());
    int[] part = new int[rows.length / model.dimension()];
    new Assigner(parts).assign(rows, 0, part.length, part, 0);
    int[] sizes = new int[parts.listCount()];
    for (int p : part) {
      sizes[p]++;
    }
    return Arrays.stream(sizes).max().orElse(0);
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

  /** Reads each segment that has such rows once, however many lists there are. */
  private SortedMap<Integer, Sample> samples(Survey survey, Set<Integer> lists, long mostFloats)
      throws IOException {
    SortedMap<Integer, Sample> samples = new TreeMap<>();
    lists.forEach(list -> samples.put(list, new Sample()));
    BitSet sampled = new BitSet();
    for (int s = 0; s < survey.size(); s++) {
      int subject = s;
      forEachNewest(
          survey,
          s,
          survey.outline(s),
          samples,
          (sample, row) -> {
            sample.total++;
            sampled.set(subject);
          });
    }
    int dimension = model.dimension();
    long mostRows = Math.max(2, mostFloats / dimension / Math.max(1, lists.size()));
    samples.values().forEach(sample -> sample.makeRoom(mostRows, dimension));
    for (int s = sampled.nextSetBit(0); s >= 0; s = sampled.nextSetBit(s + 1)) {
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
