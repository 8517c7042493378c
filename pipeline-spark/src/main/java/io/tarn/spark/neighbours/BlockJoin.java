package io.tarn.spark.neighbours;

import io.tarn.index.centroid.Model;
import io.tarn.index.kernel.Kernels;

/**
 * Finds all pairs of neighbours of two blocks: exactly those that comparing each row with each
 * would find. Lists are left out that the triangle inequality keeps apart, in the others rows whose
 * distances from the centroid differ too much, then rows whose projections lie too far apart.
 */
final class BlockJoin {
  /** So many sums stay in the nearest cache. */
  private static final int CHUNK_ROWS = 1024;

  private static final double PROJECTION_ROUNDING = 1e-5;

  private final Model model;
  private final Reach reach;
  private final BlockRows a;
  private final BlockRows b;
  private final boolean same;
  private final boolean measured;
  private final float projectedLimit;
  private final float[] sums = new float[CHUNK_ROWS];

  /** Receives pairs: rows by their offsets in their blocks. */
  interface Pairs {
    void accept(int offsetA, int offsetB, float distance);
  }

  /**
   * @param b may be the same as {@code a}: then each pair of it is found once
   */
  BlockJoin(Model model, Reach reach, BlockRows a, BlockRows b) {
    this.model = model;
    this.reach = reach;
    this.a = a;
    this.b = b;
    this.same = a == b;
    this.measured = a.measured && b.measured;
    double longest = (double) a.longestProjected + b.longestProjected;
    double limit = (reach.euclidean() + longest * 0x1p-22) * (1 + PROJECTION_ROUNDING);
    this.projectedLimit = (float) (limit * limit * (1 + PROJECTION_ROUNDING));
  }

  void run(Pairs pairs) {
    for (int i = 0; i < a.lists.length; i++) {
      for (int j = same ? i : 0; j < b.lists.length; j++) {
        joinLists(i, j, pairs);
      }
    }
  }

  private void joinLists(int i, int j, Pairs pairs) {
    int dimension = model.dimension();
    float[] centroids = model.centroids();
    int centreA = a.lists[i] * dimension;
    int centreB = b.lists[j] * dimension;
    double apart = 0;
    if (measured) {
      apart =
          Math.sqrt(Kernels.best().squaredL2(centroids, centreA, centroids, centreB, dimension));
      if (tooFar(apart, (double) a.radius(i) + b.radius(j))) {
        return;
      }
    }
    for (int row = a.starts[i]; row < a.starts[i + 1]; row++) {
      int from = same && i == j ? row + 1 : b.starts[j];
      int to = b.starts[j + 1];
      if (measured) {
        double fromCentre = a.centroidDistances[row];
        if (tooFar(apart, fromCentre + b.radius(j))) {
          continue;
        }
        if (i != j || !same) {
          fromCentre =
              Math.sqrt(
                  Kernels.best()
                      .squaredL2(a.vectors, row * dimension, centroids, centreB, dimension));
        }
        double width = reach.euclidean() + reach.slack(fromCentre + b.radius(j));
        from = firstAtLeast(fromCentre - width, from, to);
        to = firstAtLeast(Math.nextUp((float) (fromCentre + width)), from, to);
      }
      joinRow(row, from, to, pairs);
    }
  }

  private boolean tooFar(double apart, double spanned) {
    return apart - spanned > reach.euclidean() + reach.slack(apart + spanned);
  }

  /** The first row whose distance from its centroid is not smaller. */
  private int firstAtLeast(double distance, int from, int to) {
    int low = from;
    int high = to;
    while (low < high) {
      int middle = (low + high) >>> 1;
      if (b.centroidDistances[middle] < distance) {
        low = middle + 1;
      } else {
        high = middle;
      }
    }
    return low;
  }

  private void joinRow(int row, int from, int to, Pairs pairs) {
    if (!measured || b.projected == null) {
      for (int other = from; other < to; other++) {
        compare(row, other, pairs);
      }
      return;
    }
    for (int begin = from; begin < to; begin += CHUNK_ROWS) {
      int rows = Math.min(CHUNK_ROWS, to - begin);
      sumSquares(row, begin, rows);
      for (int r = 0; r < rows; r++) {
        if (sums[r] <= projectedLimit) {
          compare(row, begin + r, pairs);
        }
      }
    }
  }

  /** Loops that compilers turn into vector instructions. */
  private void sumSquares(int row, int begin, int rows) {
    float[] mine = a.projected;
    float[] theirs = b.projected;
    float[] out = sums;
    for (int r = 0; r < rows; r++) {
      out[r] = 0;
    }
    int axes = theirs.length / b.count;
    for (int axis = 0; axis < axes; axis++) {
      float value = mine[axis * a.count + row];
      int at = axis * b.count + begin;
      for (int r = 0; r < rows; r++) {
        float difference = theirs[at + r] - value;
        out[r] += difference * difference;
      }
    }
  }

  private void compare(int row, int other, Pairs pairs) {
    int dimension = model.dimension();
    float distance =
        reach.distance(a.vectors, row * dimension, b.vectors, other * dimension, dimension);
    if (!Float.isNaN(distance)) {
      pairs.accept(a.offsets[row], b.offsets[other], distance);
    }
  }
}
