package io.tarn.index.centroid;

import io.tarn.index.feature.Metric;
import io.tarn.index.kernel.Kernels;
import io.tarn.index.kernel.VectorKernels;
import java.util.Arrays;

/**
 * Finds the nearest centroid of many vectors. Under cosine that is the largest inner product with
 * the unit-length centroid, otherwise the smallest Euclidean distance, found as the smallest {@code
 * |c|²/2 - x·c}.
 *
 * <p>The assignment of a vector depends on nothing but the vector and the model: vectors go in
 * blocks of a fixed size, padded where there are fewer, so that rounding is the same in any batch.
 * Not thread-safe; cheap to make.
 */
public final class Assigner {
  private static final int BLOCK_ROWS = 32;
  private static final int BLOCK_CENTROIDS = 64;

  private final VectorKernels kernels = Kernels.best();
  private final int dimension;
  private final int listCount;
  private final float[] centroids;
  private final float[] halfSquaredNorms;
  private final float[] block;
  private final float[] products = new float[BLOCK_ROWS * BLOCK_CENTROIDS];
  private final float[] bestScores = new float[BLOCK_ROWS];

  public Assigner(Model model) {
    this(model.metric(), model.dimension(), model.centroids());
  }

  Assigner(Metric metric, int dimension, float[] centroids) {
    this.dimension = dimension;
    this.centroids = centroids;
    this.listCount = centroids.length / dimension;
    this.block = new float[BLOCK_ROWS * dimension];
    this.halfSquaredNorms = new float[listCount];
    if (metric != Metric.COSINE) {
      for (int c = 0; c < listCount; c++) {
        int offset = c * dimension;
        halfSquaredNorms[c] = kernels.dot(centroids, offset, centroids, offset, dimension) / 2;
      }
    }
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
    for (int done = 0; done < rowCount; done += BLOCK_ROWS) {
      int count = Math.min(BLOCK_ROWS, rowCount - done);
      System.arraycopy(rows, rowOffset + done * dimension, block, 0, count * dimension);
      assignBlock(count, lists, listOffset + done);
    }
  }

  private void assignBlock(int count, int[] lists, int listOffset) {
    Arrays.fill(bestScores, 0, count, Float.POSITIVE_INFINITY);
    Arrays.fill(lists, listOffset, listOffset + count, -1);
    for (int c = 0; c < listCount; c += BLOCK_CENTROIDS) {
      int width = Math.min(BLOCK_CENTROIDS, listCount - c);
      // All rows of the block, so that a row meets the same tile in any batch.
      kernels.dotMatrix(block, 0, BLOCK_ROWS, centroids, c * dimension, width, dimension, products);
      for (int r = 0; r < count; r++) {
        for (int j = 0; j < width; j++) {
          float score = halfSquaredNorms[c + j] - products[r * width + j];
          if (score < bestScores[r]) {
            bestScores[r] = score;
            lists[listOffset + r] = c + j;
          }
        }
      }
    }
    for (int r = 0; r < count; r++) {
      if (lists[listOffset + r] < 0 || !Float.isFinite(bestScores[r])) {
        lists[listOffset + r] = nearestInDouble(r * dimension);
      }
    }
  }

  /** For vectors so long that float products overflow. */
  private int nearestInDouble(int blockOffset) {
    int best = 0;
    double bestDistance = Double.POSITIVE_INFINITY;
    for (int c = 0; c < listCount; c++) {
      double distance = 0;
      for (int i = 0; i < dimension; i++) {
        double difference = (double) block[blockOffset + i] - centroids[c * dimension + i];
        distance += difference * difference;
      }
      if (distance < bestDistance) {
        bestDistance = distance;
        best = c;
      }
    }
    return best;
  }
}
