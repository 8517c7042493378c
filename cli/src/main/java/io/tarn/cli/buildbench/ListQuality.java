package io.tarn.cli.buildbench;

import io.tarn.benchmark.DataSet;
import io.tarn.benchmark.Vectors;
import io.tarn.index.centroid.Assigner;
import io.tarn.index.feature.Metric;
import io.tarn.index.kernel.Kernels;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.stream.IntStream;

/** How well lists divide rows. Distances are Euclidean. */
final class ListQuality {
  static final int K = 10;
  private static final int ROWS_PER_TASK = 4096;

  private final int dimension;
  private final float[] centroids;
  private final int[] assigned;
  private final double meanSquaredDistance;

  private ListQuality(int dimension, float[] centroids, int[] assigned, double mean) {
    this.dimension = dimension;
    this.centroids = centroids;
    this.assigned = assigned;
    this.meanSquaredDistance = mean;
  }

  /** Assigns all rows to their nearest centroids. */
  static ListQuality of(Vectors rows, float[] centroids) {
    int dimension = rows.dimension();
    Assigner assigner = new Assigner(Metric.L2, dimension, centroids, Kernels.best());
    int[] assigned = new int[rows.count()];
    double sum =
        tasks(rows.count())
            .mapToDouble(
                from -> {
                  int count = Math.min(ROWS_PER_TASK, rows.count() - from);
                  assigner.assign(rows.values(), from * dimension, count, assigned, from);
                  double distances = 0;
                  for (int row = from; row < from + count; row++) {
                    distances +=
                        Kernels.best()
                            .squaredL2(
                                rows.values(),
                                row * dimension,
                                centroids,
                                assigned[row] * dimension,
                                dimension);
                  }
                  return distances;
                })
            .sum();
    return new ListQuality(dimension, centroids, assigned, sum / rows.count());
  }

  private static IntStream tasks(int rows) {
    return IntStream.iterate(0, from -> from < rows, from -> from + ROWS_PER_TASK).parallel();
  }

  double meanSquaredDistance() {
    return meanSquaredDistance;
  }

  /** Rows of the largest list, divided by those of the mean one. */
  double largestOverMean() {
    int[] sizes = new int[centroids.length / dimension];
    for (int list : assigned) {
      sizes[list]++;
    }
    return Arrays.stream(sizes).max().orElseThrow() * (double) sizes.length / assigned.length;
  }

  /** The share of the true neighbours that lie in the nearest lists. */
  double recall(Vectors queries, List<int[]> truth, int nprobe) {
    int lists = centroids.length / dimension;
    long found =
        IntStream.range(0, truth.size())
            .parallel()
            .mapToLong(
                q -> {
                  int[] nearest = nearest(queries.row(q), centroids, dimension, nprobe);
                  boolean[] probed = new boolean[lists];
                  for (int list : nearest) {
                    probed[list] = true;
                  }
                  return Arrays.stream(truth.get(q))
                      .limit(K)
                      .filter(row -> probed[assigned[row]])
                      .count();
                })
            .sum();
    return (double) found / truth.stream().mapToInt(rows -> Math.min(K, rows.length)).sum();
  }

  /** The true neighbours of the queries: those that are known, or what all rows say. */
  static List<int[]> truth(DataSet data) {
    if (!data.truth().isEmpty()) {
      return data.truth();
    }
    Vectors base = data.base();
    return IntStream.range(0, data.queries().count())
        .parallel()
        .mapToObj(q -> nearest(data.queries().row(q), base.values(), base.dimension(), K))
        .toList();
  }

  private static int[] nearest(float[] query, float[] rows, int dimension, int count) {
    float[] distances = new float[rows.length / dimension];
    Kernels.best().squaredL2(query, rows, 0, distances.length, dimension, distances);
    return IntStream.range(0, distances.length)
        .boxed()
        .sorted(Comparator.comparingDouble(row -> distances[row]))
        .limit(count)
        .mapToInt(row -> row)
        .toArray();
  }
}
