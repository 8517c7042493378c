package io.tarn.index.search;

import io.tarn.index.kernel.VectorKernels;
import java.util.Arrays;

/**
 * Rows whose code does not rule them out, to be looked at in full, with a bound that falls as rows
 * come in: the k-th smallest upper bound of all of them, above which no lower bound is of interest.
 */
final class Candidates {
  private static final int INITIAL_CAPACITY = 1024;

  private float[] lowers = new float[INITIAL_CAPACITY];
  private float[] rowUppers = new float[INITIAL_CAPACITY];
  private int[] segments = new int[INITIAL_CAPACITY];
  private int[] rows = new int[INITIAL_CAPACITY];
  private int[] taken = {};
  private int size;

  /** The k smallest upper bounds, the largest on top. */
  private float[] uppers = new float[16];

  private int k;
  private int uppersSize;
  private float limit;

  /** Starts a search for the {@code wanted} nearest rows that lie below {@code startLimit}. */
  void clear(int wanted, float startLimit) {
    k = wanted;
    uppersSize = 0;
    size = 0;
    limit = startLimit;
  }

  int size() {
    return size;
  }

  float lower(int i) {
    return lowers[i];
  }

  int segment(int i) {
    return segments[i];
  }

  int row(int i) {
    return rows[i];
  }

  /** No row whose lower bound is not below it can be among the k nearest. */
  float limit() {
    return limit;
  }

  void add(float lower, float upper, int segment, int row) {
    if (lower >= limit) {
      return;
    }
    if (size == rows.length) {
      lowers = Arrays.copyOf(lowers, 2 * size);
      rowUppers = Arrays.copyOf(rowUppers, 2 * size);
      segments = Arrays.copyOf(segments, 2 * size);
      rows = Arrays.copyOf(rows, 2 * size);
    }
    lowers[size] = lower;
    rowUppers[size] = upper;
    segments[size] = segment;
    rows[size++] = row;
    if (upper < limit) {
      addUpper(upper);
    }
  }

  private void addUpper(float upper) {
    if (uppersSize < k) {
      if (uppersSize == uppers.length) {
        uppers = Arrays.copyOf(uppers, 2 * uppersSize);
      }
      int hole = uppersSize++;
      while (hole > 0 && uppers[(hole - 1) / 2] < upper) {
        uppers[hole] = uppers[(hole - 1) / 2];
        hole = (hole - 1) / 2;
      }
      uppers[hole] = upper;
    } else {
      int hole = 0;
      for (int child = 1; child < k; child = 2 * hole + 1) {
        if (child + 1 < k && uppers[child + 1] > uppers[child]) {
          child++;
        }
        if (uppers[child] <= upper) {
          break;
        }
        uppers[hole] = uppers[child];
        hole = child;
      }
      uppers[hole] = upper;
    }
    if (uppersSize == k) {
      // Rounded up: a row at the very distance of the k-th may still win by its id.
      limit = Math.min(limit, Math.nextUp(uppers[0]));
    }
  }

  /** The limit falls to what is known of k rows from elsewhere. */
  void lower(float newLimit) {
    limit = Math.min(limit, newLimit);
  }

  /**
   * Takes out the candidates that are among the k nearest for all that is known: their upper bounds
   * are those that make the limit. Gives them, as places in the arrays, in {@code taken}.
   */
  int takeSurest(VectorKernels kernels) {
    ensureTaken();
    int sure = kernels.placesBelow(rowUppers, size, Math.nextUp(limit), taken);
    int count = 0;
    for (int t = 0; t < sure; t++) {
      int i = taken[t];
      if (lowers[i] < limit) {
        taken[count++] = i;
        rowUppers[i] = Float.POSITIVE_INFINITY;
      }
    }
    return count;
  }

  /**
   * Takes out all candidates that are still below the limit, first those whose estimate is, too.
   */
  int takeRest(VectorKernels kernels) {
    ensureTaken();
    int count = kernels.placesBelow(lowers, size, limit, taken);
    int likely = 0;
    for (int t = 0; t < count; t++) {
      int i = taken[t];
      if ((lowers[i] + rowUppers[i]) / 2 < limit) {
        taken[t] = taken[likely];
        taken[likely++] = i;
      }
    }
    return count;
  }

  private void ensureTaken() {
    if (taken.length < size) {
      taken = new int[rows.length];
    }
  }

  /** The i-th of those taken out last. */
  int taken(int i) {
    return taken[i];
  }

  /** Never gives this candidate again. */
  void settle(int i) {
    lowers[i] = Float.POSITIVE_INFINITY;
  }
}
