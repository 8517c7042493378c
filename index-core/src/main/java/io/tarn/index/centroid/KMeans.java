package io.tarn.index.centroid;

import io.tarn.index.feature.Metric;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.SplittableRandom;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;

/**
 * Lloyd's k-means on a sample held in memory (S. P. Lloyd, "Least squares quantization in PCM",
 * 1982), spherical under cosine: centroids are brought to unit length (Dhillon and Modha, 2001).
 * The first centroids are distinct rows drawn at random. A list left empty takes over half of the
 * largest one.
 *
 * <p>The same rows in the same order, k and seed give the same centroids, bit for bit, with any
 * number of threads: threads share the rows to assign and the centroids to average, never a sum.
 */
public final class KMeans {
  /** A factor by which the two halves of a divided list are pushed apart. */
  private static final float SPLIT_SHIFT = 1f / 1024;

  private final Metric metric;
  private final int dimension;
  private final float[] rows;
  private final int rowCount;
  private final int threads;
  private float[] centroids;

  private KMeans(Metric metric, int dimension, float[] rows, int threads) {
    this.metric = metric;
    this.dimension = dimension;
    this.rows = rows;
    this.rowCount = rows.length / dimension;
    this.threads = threads;
  }

  /**
   * Trains centroids.
   *
   * @param rows the sample, row-major, in stored form (unit length under cosine)
   * @param lists how many centroids are wanted; where the sample has fewer distinct rows, each of
   *     these becomes a centroid
   * @param iterations rounds of assigning and averaging
   * @param threads how many threads work
   * @return the centroids, row-major
   */
  public static float[] train(
      Metric metric,
      int dimension,
      float[] rows,
      int lists,
      int iterations,
      long seed,
      int threads) {
    if (rows.length < dimension || rows.length % dimension != 0) {
      throw new IllegalArgumentException(
          "k-means needs at least one row of " + dimension + " floats, got " + rows.length);
    }
    KMeans training = new KMeans(metric, dimension, rows, threads);
    training.seed(lists, new SplittableRandom(seed));
    ExecutorService executor = Executors.newFixedThreadPool(threads);
    try {
      for (int i = 0; i < iterations; i++) {
        training.iterate(executor);
      }
    } finally {
      executor.shutdownNow();
    }
    return training.centroids;
  }

  /** Draws distinct rows: a shuffle of all rows, of which repeated ones are passed over. */
  private void seed(int lists, SplittableRandom random) {
    int[] order = new int[rowCount];
    for (int i = 0; i < rowCount; i++) {
      order[i] = i;
    }
    Set<Row> chosen = new LinkedHashSet<>();
    for (int i = 0; i < rowCount && chosen.size() < lists; i++) {
      int other = i + random.nextInt(rowCount - i);
      int row = order[other];
      order[other] = order[i];
      chosen.add(new Row(Arrays.copyOfRange(rows, row * dimension, (row + 1) * dimension)));
    }
    centroids = new float[chosen.size() * dimension];
    int next = 0;
    for (Row row : chosen) {
      System.arraycopy(row.values, 0, centroids, next, dimension);
      next += dimension;
    }
  }

  private void iterate(ExecutorService executor) {
    int lists = centroids.length / dimension;
    int[] assigned = new int[rowCount];
    inParallel(
        executor,
        rowCount,
        (from, to) ->
            new Assigner(metric, dimension, centroids)
                .assign(rows, from * dimension, to - from, assigned, from));
    int[] starts = new int[lists + 1];
    for (int list : assigned) {
      starts[list + 1]++;
    }
    for (int c = 0; c < lists; c++) {
      starts[c + 1] += starts[c];
    }
    int[] members = new int[rowCount];
    int[] next = Arrays.copyOf(starts, lists);
    for (int r = 0; r < rowCount; r++) {
      members[next[assigned[r]]++] = r;
    }
    float[] means = centroids.clone();
    inParallel(
        executor,
        lists,
        (from, to) -> {
          for (int c = from; c < to; c++) {
            average(members, starts[c], starts[c + 1], means, c * dimension);
          }
        });
    refillEmpty(starts, means);
    centroids = means;
  }

  private void average(int[] members, int from, int to, float[] means, int offset) {
    if (from == to) {
      return;
    }
    double[] sums = new double[dimension];
    for (int m = from; m < to; m++) {
      int row = members[m] * dimension;
      for (int i = 0; i < dimension; i++) {
        sums[i] += rows[row + i];
      }
    }
    double scale = 1.0 / (to - from);
    if (metric == Metric.COSINE) {
      double squaredNorm = 0;
      for (double sum : sums) {
        squaredNorm += sum * sum;
      }
      if (squaredNorm == 0) {
        return; // The members cancel out; the old centroid is as good as any.
      }
      scale = 1 / Math.sqrt(squaredNorm);
    }
    for (int i = 0; i < dimension; i++) {
      means[offset + i] = (float) (sums[i] * scale);
    }
  }

  /** Gives each empty list the centroid of the largest list, and pushes the two apart. */
  private void refillEmpty(int[] starts, float[] means) {
    int lists = starts.length - 1;
    int[] sizes = new int[lists];
    for (int c = 0; c < lists; c++) {
      sizes[c] = starts[c + 1] - starts[c];
    }
    for (int empty = 0; empty < lists; empty++) {
      if (sizes[empty] > 0) {
        continue;
      }
      int largest = 0;
      for (int c = 1; c < lists; c++) {
        if (sizes[c] > sizes[largest]) {
          largest = c;
        }
      }
      for (int i = 0; i < dimension; i++) {
        float shift = i % 2 == 0 ? SPLIT_SHIFT : -SPLIT_SHIFT;
        float value = means[largest * dimension + i];
        means[empty * dimension + i] = value * (1 + shift);
        means[largest * dimension + i] = value * (1 - shift);
      }
      sizes[empty] = sizes[largest] / 2;
      sizes[largest] -= sizes[empty];
    }
  }

  private interface Range {
    void run(int from, int to);
  }

  private void inParallel(ExecutorService executor, int count, Range work) {
    List<Future<?>> parts = new ArrayList<>();
    for (int t = 0; t < threads; t++) {
      int from = (int) ((long) count * t / threads);
      int to = (int) ((long) count * (t + 1) / threads);
      parts.add(executor.submit(() -> work.run(from, to)));
    }
    try {
      for (Future<?> part : parts) {
        part.get();
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IllegalStateException("interrupted while training", e);
    } catch (ExecutionException e) {
      throw new IllegalStateException("training failed", e.getCause());
    }
  }

  /** A row as a key of its values. */
  private static final class Row {
    private final float[] values;

    Row(float[] values) {
      this.values = values;
    }

    @Override
    public boolean equals(Object other) {
      return other instanceof Row row && Arrays.equals(values, row.values);
    }

    @Override
    public int hashCode() {
      return Arrays.hashCode(values);
    }
  }
}
