package io.tarn.spark.neighbours;

import java.io.Serializable;
import java.util.Arrays;

/**
 * Pairs of rows with their distances, as many as there is room for. A class and no record, as Kryo
 * cannot serialize these.
 */
final class PairBuffer implements Serializable {
  private final int most;
  private int size;
  private boolean complete = true;
  private int[] as = new int[16];
  private int[] bs = new int[16];
  private float[] distances = new float[16];

  PairBuffer(int most) {
    this.most = most;
  }

  /** Takes a pair; once there are more than it has room for, it holds none any more. */
  void add(int a, int b, float distance) {
    if (size == most) {
      complete = false;
      size = 0;
      as = new int[0];
      bs = new int[0];
      distances = new float[0];
    }
    if (!complete) {
      return;
    }
    if (size == as.length) {
      int larger = (int) Math.min(most, 2L * size);
      as = Arrays.copyOf(as, larger);
      bs = Arrays.copyOf(bs, larger);
      distances = Arrays.copyOf(distances, larger);
    }
    as[size] = a;
    bs[size] = b;
    distances[size++] = distance;
  }

  /** Whether it holds all pairs it was given. */
  boolean isComplete() {
    return complete;
  }

  int size() {
    return size;
  }

  /** Gives the unused room back. */
  PairBuffer trimmed() {
    as = Arrays.copyOf(as, size);
    bs = Arrays.copyOf(bs, size);
    distances = Arrays.copyOf(distances, size);
    return this;
  }

  void forEach(BlockJoin.Pairs pairs) {
    for (int i = 0; i < size; i++) {
      pairs.accept(as[i], bs[i], distances[i]);
    }
  }
}
