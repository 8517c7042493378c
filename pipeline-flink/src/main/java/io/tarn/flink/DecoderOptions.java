package io.tarn.flink;

import io.tarn.flink.StreamSettings.Kafka;
import java.io.IOException;
import java.io.Serializable;
import java.nio.charset.CharacterCodingException;
import java.nio.file.Files;
import java.nio.file.Path;

/**
 * How records are written, as the subtasks that decode them need to know it.
 *
 * @param format of the values
 * @param keyFormat of the keys
 * @param avroSchema the schema of all records as JSON; null if each brings its own, or none has one
 * @param maxRecordBytes what key and value may have together, and a value when it is decompressed
 */
record DecoderOptions(
    RecordFormat format, KeyFormat keyFormat, String avroSchema, int maxRecordBytes)
    implements Serializable {

  /** Reads the schema from the file that the settings name. */
  static DecoderOptions of(Kafka kafka) throws IOException {
    String avroSchema = null;
    if (kafka.avroSchema().isPresent()) {
      Path file = kafka.avroSchema().get();
      try {
        avroSchema = Files.readString(file);
        AvroContainer.parse(avroSchema);
      } catch (CharacterCodingException e) {
        throw new IOException("kafka.avro-schema: " + file + " is not UTF-8 text", e);
      } catch (IllegalArgumentException e) {
        throw new IOException("kafka.avro-schema: in " + file + ", " + e.getMessage(), e);
      }
    }
    return new DecoderOptions(
        kafka.format(), kafka.effectiveKeyFormat(), avroSchema, kafka.maxRecordBytes());
  }
}
