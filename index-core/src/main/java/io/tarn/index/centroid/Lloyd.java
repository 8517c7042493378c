package io.tarn.index.centroid;

import io.tarn.index.feature.Metric;
import java.util.SplittableRandom;

/**
 * Lloyd's k-means (S. P. Lloyd, "Least squares quantization in PCM", 1982): every round compares
 * every row with every centroid.
 */
final class Lloyd {
  /** A factor by which the two halves of a divided list are pushed apart. */
  private static final float SPLIT_SHIFT = 1f / 1024;

  /** Rows that one task assigns. */
  private static final int ROWS_PER_TASK = 4096;

  private Lloyd() {}

  /** Trains from distinct rows drawn at random; fewer lists if there are fewer distinct rows. */
  static float[] train(TrainingRows rows, int lists, int iterations, long seed, Workers workers) {
    float[] centroids = rows.drawDistinct(lists, new SplittableRandom(seed));
    for (int i = 0; i < iterations; i++) {
      int[] assigned = assign(rows, centroids, workers);
      centroids = means(rows, group(rows, assigned, centroids), centroids, workers);
    }
    return centroids;
  }

  /** Evens out lists that were trained. */
  static float[] balance(TrainingRows rows, float[] centroids, long seed, Workers workers) {
    return new Balance(
            rows,
            (before, moved) -> assign(rows, moved, workers),
            new SplittableRandom(seed),
            workers)
        .even(centroids, new int[0]);
  }

  private static Grouping group(TrainingRows rows, int[] assigned, float[] centroids) {
    return Grouping.of(assigned, centroids.length / rows.dimension());
  }

  /** The nearest centroid of every row. */
  static int[] assign(TrainingRows rows, float[] centroids, Workers workers) {
    Assigner assigner = new Assigner(rows.metric(), rows.dimension(), centroids, rows.kernels());
    int[] assigned = new int[rows.count()];
    int tasks = (rows.count() + ROWS_PER_TASK - 1) / ROWS_PER_TASK;
    workers.forEach(
        tasks,
        task -> {
          int from = task * ROWS_PER_TASK;
          int count = Math.min(ROWS_PER_TASK, rows.count() - from);
          assigner.assign(rows.values(), from * rows.dimension(), count, assigned, from);
        });
    return assigned;
  }

  /** The mean of every list, of unit length under cosine. An empty list takes over half of one. */
  static float[] means(TrainingRows rows, Grouping grouping, float[] centroids, Workers workers) {
    float[] means = centroids.clone();
    workers.forEach(grouping.lists(), list -> average(rows, grouping, list, means));
    refillEmpty(grouping, rows.dimension(), means);
    return means;
  }

  private static void average(TrainingRows rows, Grouping grouping, int list, float[] means) {
    if (grouping.size(list) == 0) {
      return;
    }
    int dimension = rows.dimension();
    double[] sums = new double[dimension];
    for (int m = grouping.starts()[list]; m < grouping.starts()[list + 1]; m++) {
      int row = grouping.members()[m] * dimension;
      for (int i = 0; i < dimension; i++) {
        sums[i] += rows.values()[row + i];
      }
    }
    double scale = 1.0 / grouping.size(list);
    if (rows.metric() == Metric.COSINE) {
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
      means[list * dimension + i] = (float) (sums[i] * scale);
    }
  }

  /** Gives each empty list the centroid of the largest list, and pushes the two apart. */
  private static void refillEmpty(Grouping grouping, int dimension, float[] means) {
    int lists = grouping.lists();
    int[] sizes = new int[lists];
    for (int c = 0; c < lists; c++) {
      sizes[c] = grouping.size(c);
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
}
