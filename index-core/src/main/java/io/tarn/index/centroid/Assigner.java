package io.tarn.index.centroid;

import io.tarn.index.feature.Metric;
import io.tarn.index.kernel.Kernels;
import io.tarn.index.kernel.PackedRows;
import io.tarn.index.kernel.VectorKernels;
import java.util.Arrays;

/**
 * Finds the nearest centroid of many vectors. Under cosine that is the largest inner product with
 * the unit-length centroid, otherwise the smallest Euclidean distance, found as the smallest {@code
 * |c|²/2 - x·c}. Every centroid is looked at.
 *
 * <p>The assignment of a vector depends on nothing but the vector and the model, not on how vectors
 * are batched. Thread-safe. It holds a copy of the centroids laid out for the kernel.
 */
public final class Assigner {
  /** Rows whose scores are held at once. */
  private static final int BLOCK_ROWS = 960;

  /**
   * Longer vectors, squared, are assigned in double precision: their products may overflow. The
   * centroids of shorter ones may have overflowing squares; those are never the nearest.
   */
  private static final float MAX_SQUARED_NORM = 1e36f;

  /** If all centroids are shorter, squared, their squares have lost digits or are zero. */
  private static final float MIN_SQUARED_NORM = 1e-30f;

  private final VectorKernels kernels;
  private final int dimension;
  private final float[] centroids;
  private final int[] chosen;
  private final PackedRows packed;
  private final boolean tiny;

  public Assigner(Model model) {
    this(model.metric(), model.dimension(), model.centroids(), Kernels.best());
  }

  Assigner(Metric metric, int dimension, float[] centroids) {
    this(metric, dimension, centroids, Kernels.best());
  }

  /**
   * @param centroids row-major; of unit length under cosine
   * @param kernels what computes the distances
   */
  public Assigner(Metric metric, int dimension, float[] centroids, VectorKernels kernels) {
    this(
        metric,
        dimension,
        centroids,
        squaredNorms(dimension, centroids),
        places(centroids.length / dimension),
        kernels);
  }

  /**
   * Assigns to some of many centroids; what {@link #assign} gives are places in {@code chosen}.
   *
   * @param squaredNorms of all centroids, as {@link #squaredNorms} gives them
   * @param chosen the centroids to choose from
   */
  Assigner(
      Metric metric,
      int dimension,
      float[] centroids,
      float[] squaredNorms,
      int[] chosen,
      VectorKernels kernels) {
    this.kernels = kernels;
    this.dimension = dimension;
    this.centroids = centroids;
    this.chosen = chosen;
    this.packed = new PackedRows(kernels.panelWidth(), dimension, chosen.length);
    float longest = 0;
    for (int c : chosen) {
      longest = Math.max(longest, squaredNorms[c]);
      packed.add(centroids, c * dimension, metric == Metric.COSINE ? 0 : squaredNorms[c] / 2);
    }
    this.tiny = longest < MIN_SQUARED_NORM;
  }

  private static int[] places(int count) {
    int[] places = new int[count];
    Arrays.setAll(places, c -> c);
    return places;
  }

  /** Summed one by one in double precision, so that they are the same on any processor and JVM. */
  static float[] squaredNorms(int dimension, float[] rows) {
    float[] norms = new float[rows.length / dimension];
    for (int r = 0; r < norms.length; r++) {
      double sum = 0;
      for (int i = r * dimension; i < (r + 1) * dimension; i++) {
        sum += (double) rows[i] * rows[i];
      }
      norms[r] = (float) sum;
    }
    return norms;
  }

  /** The place, in {@link Model#listIds()}, of the list nearest to {@code vector}. */
  public int assign(float[] vector) {
    int[] list = new int[1];
    assign(vector, 0, 1, list, 0);
    return list[0];
  }

  /**
   * Assigns rows.
   *
   * @param rows row-major; the first row begins at {@code rowOffset}
   * @param lists receives, from {@code listOffset} on, each row's place in {@link Model#listIds()}
   */
  public void assign(float[] rows, int rowOffset, int rowCount, int[] lists, int listOffset) {
    float[] scores = new float[Math.min(BLOCK_ROWS, rowCount)];
    int[] nearest = new int[scores.length];
    for (int done = 0; done < rowCount; done += BLOCK_ROWS) {
      int count = Math.min(BLOCK_ROWS, rowCount - done);
      int from = rowOffset + done * dimension;
      kernels.nearest(rows, from, count, packed, nearest, scores, 0);
      for (int r = 0; r < count; r++) {
        int row = from + r * dimension;
        lists[listOffset + done + r] =
            isExact(nearest[r], scores[r], rows, row) ? nearest[r] : nearestInDouble(rows, row);
      }
    }
  }

  private boolean isExact(int nearest, float score, float[] rows, int row) {
    return nearest >= 0
        && Float.isFinite(score)
        && !tiny
        && kernels.dot(rows, row, rows, row, dimension) <= MAX_SQUARED_NORM;
  }

  private int nearestInDouble(float[] rows, int row) {
    int best = 0;
    double bestDistance = Double.POSITIVE_INFINITY;
    for (int place = 0; place < chosen.length; place++) {
      double distance = 0;
      for (int i = 0; i < dimension; i++) {
        double difference = (double) rows[row + i] - centroids[chosen[place] * dimension + i];
        distance += difference * difference;
      }
      if (distance < bestDistance) {
        bestDistance = distance;
        best = place;
      }
    }
    return best;
  }
}
