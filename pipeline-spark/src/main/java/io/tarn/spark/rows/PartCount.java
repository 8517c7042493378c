package io.tarn.spark.rows;

import io.tarn.index.feature.FeatureId;
import io.tarn.index.feature.RejectedFeatureException;
import io.tarn.index.feature.RejectedFeatureException.Reason;
import io.tarn.index.feature.Schema;
import java.io.Serializable;

/** The counts of a {@link Census} of some of the rows. No record: see {@link Packed}. */
final class PartCount implements Serializable {
  /** What a row takes beside its vector and texts: list, id, order, position. */
  private static final int FLAT_BYTES = 32;

  long features;
  long deletes;
  long bytes;
  boolean idsRepeat;
  final long[] rejected = new long[Reason.values().length];

  /** Counts a row; false if it is set aside. */
  boolean add(InputRow row, Schema schema) {
    // An if, as a switch over sealed types needs Java 21.
    if (!(row instanceof InputRow.Readable readable)) {
      rejected[((InputRow.Rejected) row).reason().ordinal()]++;
      return false;
    }
    try {
      if (readable.toFeature(schema).deleted()) {
        deletes++;
      } else {
        features++;
      }
      bytes += estimatedBytes(readable);
      return true;
    } catch (RejectedFeatureException e) {
      rejected[e.reason().ordinal()]++;
      return false;
    }
  }

  void add(PartCount other) {
    features += other.features;
    deletes += other.deletes;
    bytes += other.bytes;
    idsRepeat |= other.idsRepeat;
    for (int i = 0; i < rejected.length; i++) {
      rejected[i] += other.rejected[i];
    }
  }

  private static long estimatedBytes(InputRow.Readable row) {
    long size = FLAT_BYTES;
    if (row.vector() != null) {
      size += (long) row.vector().length * Float.BYTES;
    }
    if (row.id() instanceof FeatureId.Text text) {
      size += text.value().length();
    }
    for (Object value : row.attributes()) {
      size += value instanceof String text ? text.length() : Long.BYTES;
    }
    return size;
  }
}
