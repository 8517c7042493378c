package io.tarn.spark.neighbours;

import io.tarn.index.centroid.Model;
import io.tarn.index.kernel.Kernels;
import io.tarn.index.kernel.VectorKernels;
import java.util.Arrays;
import java.util.Comparator;
import java.util.stream.IntStream;

/**
 * The rows of a block in memory, by list, and in a list by their Euclidean distance from the
 * centroid. So what lies near a row is a stretch of each list.
 */
final class BlockRows {
  final int count;
  final int dimension;

  /** Row-major. */
  final float[] vectors;

  /** Where in the block each row stands. */
  final int[] offsets;

  /** Euclidean distances from the centroids; not to be trusted unless {@link #measured}. */
  final float[] centroidDistances;

  /** Whether all distances are numbers that Euclid's rules hold for. */
  final boolean measured;

  /** The lists, as places in the model, and where each begins; one more start. */
  final int[] lists;

  final int[] starts;

  /** Coordinates along the axes of a projection, axis by axis; null without one. */
  final float[] projected;

  /** The longest of them. */
  final float longestProjected;

  private BlockRows(
      float[] vectors,
      int dimension,
      int[] offsets,
      float[] centroidDistances,
      int[] listOfRow,
      Projection projection) {
    this.vectors = vectors;
    this.dimension = dimension;
    this.count = offsets.length;
    this.offsets = offsets;
    this.centroidDistances = centroidDistances;
    boolean finite = true;
    for (float distance : centroidDistances) {
      finite &= distance < Reach.MAX_MEASURED;
    }
    int[] listStarts =
        IntStream.range(0, count).filter(i -> i == 0 || listOfRow[i] != listOfRow[i - 1]).toArray();
    this.lists = Arrays.stream(listStarts).map(i -> listOfRow[i]).toArray();
    this.starts = Arrays.copyOf(listStarts, listStarts.length + 1);
    starts[listStarts.length] = count;
    this.projected = projection == null ? null : projection.project(vectors, count);
    this.longestProjected = projected == null ? 0 : longest(projected, count);
    this.measured = finite && longestProjected < Reach.MAX_MEASURED;
  }

  private static float longest(float[] projected, int count) {
    float longest = 0;
    for (int i = 0; i < count; i++) {
      double squared = 0;
      for (int at = i; at < projected.length; at += count) {
        squared += (double) projected[at] * projected[at];
      }
      longest = Math.max(longest, (float) Math.sqrt(squared));
    }
    return longest;
  }

  /**
   * Puts rows in order.
   *
   * @param unordered row-major
   * @param listOfRow the list of each row, as a place in the model
   * @param projection makes distances that are quick to compute and never too large; may be null
   */
  static BlockRows of(float[] unordered, int[] listOfRow, Model model, Projection projection) {
    int dimension = model.dimension();
    int count = listOfRow.length;
    VectorKernels kernels = Kernels.best();
    float[] distances = new float[count];
    for (int i = 0; i < count; i++) {
      int at = listOfRow[i] * dimension;
      distances[i] =
          (float)
              Math.sqrt(
                  kernels.squaredL2(unordered, i * dimension, model.centroids(), at, dimension));
    }
    int[] order =
        IntStream.range(0, count)
            .boxed()
            .sorted(
                Comparator.<Integer>comparingInt(i -> listOfRow[i])
                    .thenComparingDouble(i -> distances[i])
                    .thenComparingInt(i -> i))
            .mapToInt(Integer::intValue)
            .toArray();
    float[] vectors = new float[unordered.length];
    float[] ordered = new float[count];
    int[] orderedLists = new int[count];
    for (int i = 0; i < count; i++) {
      System.arraycopy(unordered, order[i] * dimension, vectors, i * dimension, dimension);
      ordered[i] = distances[order[i]];
      orderedLists[i] = listOfRow[order[i]];
    }
    return new BlockRows(vectors, dimension, order, ordered, orderedLists, projection);
  }

  /** The distance of the outermost row of the i-th list. */
  float radius(int i) {
    return centroidDistances[starts[i + 1] - 1];
  }
}
