package io.tarn.flink;

import java.util.OptionalLong;

/**
 * What the value of a record says, checked for its shape but not yet for its sense.
 *
 * @param id the id as text, or null if the value names none
 * @param vector all numbers given, however many, or null
 * @param text content to be embedded, or null
 * @param attributes in the order of the schema, each null or of its type
 * @param order the event time, if given
 * @param op what to do
 * @param embedder the fingerprint of what made the vector, or null
 */
record RecordFields(
    String id,
    float[] vector,
    String text,
    Object[] attributes,
    OptionalLong order,
    Op op,
    String embedder) {
  enum Op {
    UPSERT,
    DELETE
  }
}
