package io.tarn.flink;

/** How the value of a Kafka record is written; {@code docs/streaming.md} has the details. */
public enum RecordFormat {
  /** An object with the fields id, vector, text, attributes, order, op and embedder. */
  JSON,
  /** The same fields as little-endian bytes; see {@link BinaryRecordReader}. */
  BINARY,
  /** A record with the same fields: an object container, or bare if the schema is given. */
  AVRO,
  /** A row of a table before and after a change, as Debezium writes it with its JSON converter. */
  DEBEZIUM_JSON
}
