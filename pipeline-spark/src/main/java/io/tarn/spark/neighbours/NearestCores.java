package io.tarn.spark.neighbours;

import io.tarn.index.feature.FeatureId;
import java.io.Serializable;
import java.util.Arrays;

/**
 * For rows of a block the nearest core row, and of several at that distance the one with the
 * smallest id. A class and no record, as Kryo cannot serialize these.
 */
final class NearestCores implements Serializable {
  /** Rows that have none. */
  private static final int NONE = -1;

  /** The numbers of core rows, by the offset of the row they are nearest to. */
  final int[] cores;

  final float[] distances;

  /** Texts or longs. */
  final Object[] ids;

  NearestCores(int rows) {
    cores = new int[rows];
    Arrays.fill(cores, NONE);
    distances = new float[rows];
    ids = new Object[rows];
  }

  boolean has(int offset) {
    return cores[offset] != NONE;
  }

  /** Whether a core at that distance may be the nearest. */
  boolean takes(int offset, float distance) {
    return !has(offset) || distance <= distances[offset];
  }

  void offer(int offset, int core, float distance, FeatureId id) {
    if (takes(offset, distance)
        && (!has(offset) || distance < distances[offset] || id.compareTo(id(ids[offset])) < 0)) {
      cores[offset] = core;
      distances[offset] = distance;
      ids[offset] = id.toObject();
    }
  }

  /** The nearer of both, row by row. */
  NearestCores with(NearestCores other) {
    for (int i = 0; i < cores.length; i++) {
      if (other.has(i)) {
        offer(i, other.cores[i], other.distances[i], id(other.ids[i]));
      }
    }
    return this;
  }

  private static FeatureId id(Object id) {
    return id instanceof Long number ? FeatureId.of(number) : FeatureId.of((String) id);
  }
}
