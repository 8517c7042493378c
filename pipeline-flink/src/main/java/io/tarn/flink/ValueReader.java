package io.tarn.flink;

import io.tarn.index.feature.RejectedFeatureException;

/** Reads the values of records in one format. Not thread-safe. */
interface ValueReader {
  /**
   * @throws RejectedFeatureException whatever is wrong with the bytes; nothing else is thrown, and
   *     no more memory is taken than a few times their length
   */
  RecordFields read(byte[] value) throws RejectedFeatureException;

  /** How many fields and attributes unknown to the index were passed over so far. */
  long ignoredFields();
}
