package io.tarn.benchmark;

import io.tarn.index.kernel.Kernels;
import io.tarn.index.kernel.VectorKernels;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/** Finds the true nearest rows by looking at all of them. */
final class ExactSearch {
  /** So many bytes of rows stay in a core's cache while all queries look at them. */
  private static final int TILE_BYTES = 256 << 10;

  private ExactSearch() {}

  /** For each query its k nearest rows, the nearest first; equal distances by row. */
  static List<int[]> nearest(Vectors base, Vectors queries, int k, int threads) {
    int[][] nearest = new int[queries.count()][];
    Parallel.ranges(
        queries.count(), threads, (from, to) -> search(base, queries, k, from, to, nearest));
    return new ArrayList<>(Arrays.asList(nearest));
  }

  private static void search(
      Vectors base, Vectors queries, int k, int from, int to, int[][] nearest) {
    VectorKernels kernels = Kernels.best();
    int dimension = base.dimension();
    int tileRows = Math.max(1, TILE_BYTES / (dimension * Float.BYTES));
    float[] distances = new float[tileRows];
    float[][] vectors = new float[to - from][];
    Nearest[] found = new Nearest[to - from];
    for (int q = 0; q < found.length; q++) {
      vectors[q] = queries.row(from + q);
      found[q] = new Nearest(Math.min(k, base.count()));
    }
    for (int row = 0; row < base.count(); row += tileRows) {
      int count = Math.min(tileRows, base.count() - row);
      for (int q = 0; q < found.length; q++) {
        kernels.squaredL2(vectors[q], base.values(), row * dimension, count, dimension, distances);
        found[q].offer(distances, row, count);
      }
    }
    for (int q = 0; q < found.length; q++) {
      nearest[from + q] = found[q].rows.clone();
    }
  }

  /**
   * The nearest so far, in order. Rows come in ascending order, so an equal one is never nearer.
   */
  private static final class Nearest {
    private final float[] distances;
    private final int[] rows;

    Nearest(int k) {
      distances = new float[k];
      Arrays.fill(distances, Float.POSITIVE_INFINITY);
      rows = new int[k];
    }

    void offer(float[] candidates, int firstRow, int count) {
      int last = rows.length - 1;
      for (int i = 0; i < count; i++) {
        if (candidates[i] < distances[last]) {
          int place = last;
          for (; place > 0 && distances[place - 1] > candidates[i]; place--) {
            distances[place] = distances[place - 1];
            rows[place] = rows[place - 1];
          }
          distances[place] = candidates[i];
          rows[place] = firstRow + i;
        }
      }
    }
  }
}
