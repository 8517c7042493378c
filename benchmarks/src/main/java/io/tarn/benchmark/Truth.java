package io.tarn.benchmark;

import io.tarn.index.kernel.Kernels;
import io.tarn.index.kernel.VectorKernels;
import java.util.Arrays;
import java.util.List;

/**
 * What the right answers are. A hit is right if it is no farther from the query than the true k-th
 * neighbour: of several rows at that distance each is as good as the other. Distances are computed
 * here, from the rows that were found, the same way for every contender.
 */
final class Truth {
  private final DataSet data;
  private final int k;
  private final float[] farthest;
  private final VectorKernels kernels = Kernels.best();

  private Truth(DataSet data, int k) {
    this.data = data;
    this.k = k;
    this.farthest = new float[data.queries().count()];
  }

  /**
   * The truth that a data set has.
   *
   * @throws BenchmarkException if it names fewer than k neighbours of a query
   */
  static Truth of(DataSet data, int k) {
    Truth truth = new Truth(data, k);
    List<int[]> neighbours = data.truth();
    for (int q = 0; q < truth.farthest.length; q++) {
      if (neighbours.get(q).length < k) {
        throw new BenchmarkException(
            "the true neighbours of %s are %d to a query, fewer than k %d"
                .formatted(data.name(), neighbours.get(q).length, k));
      }
      for (int i = 0; i < k; i++) {
        truth.farthest[q] = Math.max(truth.farthest[q], truth.distance(q, neighbours.get(q)[i]));
      }
    }
    return truth;
  }

  private float distance(int query, int row) {
    int dimension = data.base().dimension();
    return kernels.squaredL2(
        data.queries().values(),
        query * dimension,
        data.base().values(),
        row * dimension,
        dimension);
  }

  /**
   * The share of the true k nearest that a search found.
   *
   * @param rows the rows found; reordered
   * @param count how many were found
   * @throws BenchmarkException if what was found cannot be an answer
   */
  double recall(int query, int[] rows, int count) {
    Arrays.sort(rows, 0, count);
    int right = 0;
    for (int i = 0; i < count; i++) {
      if (rows[i] < 0 || rows[i] >= data.base().count() || (i > 0 && rows[i] == rows[i - 1])) {
        throw new BenchmarkException(
            "query %d was answered with row %d, which does not exist or is there twice"
                .formatted(query, rows[i]));
      }
      right += distance(query, rows[i]) <= farthest[query] ? 1 : 0;
    }
    return (double) right / k;
  }
}
