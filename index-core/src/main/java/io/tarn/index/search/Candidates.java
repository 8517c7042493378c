package io.tarn.index.search;

import java.util.Arrays;

/**
 * Rows whose code does not rule them out, to be looked at in full, with a bound that falls as rows
 * come in: the k-th smallest upper bound of all of them, above which no lower bound is of interest.
 */
final class Candidates {
  private static final int INITIAL_CAPACITY = 1024;

  private float[] lowers = new float[INITIAL_CAPACITY];
  private int[] segments = new int[INITIAL_CAPACITY];
  private int[] rows = new int[INITIAL_CAPACITY];
  private long[] order = {};
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

  void add(float estimate, float lower, int segment, int row) {
    if (lower >= limit) {
      return;
    }
    if (size == rows.length) {
      lowers = Arrays.copyOf(lowers, 2 * size);
      segments = Arrays.copyOf(segments, 2 * size);
      rows = Arrays.copyOf(rows, 2 * size);
    }
    lowers[size] = lower;
    segments[size] = segment;
    rows[size++] = row;
    float upper = estimate + (estimate - lower);
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

  /** Orders the candidates below the limit by their lower bounds; returns how many there are. */
  int sort() {
    if (order.length < size) {
      order = new long[rows.length];
    }
    int kept = 0;
    for (int i = 0; i < size; i++) {
      if (lowers[i] < limit) {
        int bits = Float.floatToIntBits(lowers[i]);
        order[kept++] = (long) (bits ^ (bits >> 31 & Integer.MAX_VALUE)) << 32 | i;
      }
    }
    Arrays.sort(order, 0, kept);
    return kept;
  }

  /** The candidate with the i-th smallest lower bound. */
  int sorted(int i) {
    return (int) order[i];
  }
}
