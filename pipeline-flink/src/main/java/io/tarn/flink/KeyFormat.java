package io.tarn.flink;

/** How the key of a Kafka record spells the id. */
public enum KeyFormat {
  /** UTF-8 text; for int64 ids their decimal digits. */
  TEXT,
  /** Eight bytes, big endian, as Kafka's LongSerializer writes them; for int64 ids only. */
  INT64,
  /** Text, a whole number, or an object with one such field, with or without its schema. */
  JSON
}
