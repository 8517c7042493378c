package io.tarn.spark.search;

import java.io.Serializable;

/**
 * A query on its way to a part of the index.
 *
 * <p>A class and no record, as Kryo cannot serialize these.
 */
final class Asked implements Serializable {
  final long query;
  final float[] vector;

  /** The row of the query's table; null on all ways but one. */
  final byte[] row;

  Asked(long query, float[] vector, byte[] row) {
    this.query = query;
    this.vector = vector;
    this.row = row;
  }
}
