package io.tarn.flink;

import static io.tarn.flink.JsonValues.unparsable;
import static java.nio.charset.StandardCharsets.US_ASCII;
import static java.nio.charset.StandardCharsets.UTF_8;

import io.tarn.index.feature.RejectedFeatureException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.HashMap;
import java.util.Map;
import java.util.zip.DataFormatException;
import java.util.zip.Inflater;
import org.apache.avro.Schema;

/**
 * Opens Avro object containers that hold one record each. Producers write the same schema again and
 * again, so the last one is kept. Not thread-safe.
 */
final class AvroContainer {
  private static final byte[] MAGIC = {'O', 'b', 'j', 1};
  private static final String SCHEMA = "avro.schema";
  private static final String CODEC = "avro.codec";
  private static final int SYNC_BYTES = 16;

  private final int maxRecordBytes;
  private byte[] lastSchemaText;
  private Schema lastSchema;

  /** The one record of a container, and its schema. */
  record Content(Schema schema, AvroBytes record) {}

  /**
   * @param maxRecordBytes how large a record may be after it is decompressed
   */
  AvroContainer(int maxRecordBytes) {
    this.maxRecordBytes = maxRecordBytes;
  }

  Content open(byte[] value) throws IOException, RejectedFeatureException {
    if (!startsWith(value, MAGIC)) {
      throw unparsable(
          "the value does not begin with 'Obj' 1, as an Avro object container does; for bare"
              + " records, name their schema's file as kafka.avro-schema");
    }
    AvroBytes in = new AvroBytes(ByteBuffer.wrap(value, MAGIC.length, value.length - MAGIC.length));
    Map<String, byte[]> metadata = new HashMap<>();
    for (long items = in.readBlockCount(); items > 0; items = in.readBlockCount()) {
      for (long i = 0; i < items; i++) {
        metadata.put(in.readString(), in.readBytes());
      }
    }
    Schema schema = schema(metadata.get(SCHEMA));
    byte[] sync = in.readFixed(SYNC_BYTES);
    long records = in.readLong();
    byte[] block = in.readBytes();
    if (!Arrays.equals(in.readFixed(SYNC_BYTES), sync)) {
      throw unparsable("the sync marker of the Avro object container is damaged");
    }
    if (records != 1 || !in.isEnd()) {
      throw unparsable("the Avro object container must hold one record, in one block");
    }
    return new Content(schema, new AvroBytes(decompressed(metadata.get(CODEC), block)));
  }

  private static boolean startsWith(byte[] value, byte[] prefix) {
    return value.length >= prefix.length
        && Arrays.equals(value, 0, prefix.length, prefix, 0, prefix.length);
  }

  private Schema schema(byte[] text) throws RejectedFeatureException {
    if (text == null) {
      throw unparsable("the Avro object container has no schema");
    }
    if (!Arrays.equals(text, lastSchemaText)) {
      try {
        lastSchema = parse(new String(text, UTF_8));
      } catch (IllegalArgumentException e) {
        throw unparsable("the schema of the Avro object container: " + e.getMessage());
      }
      lastSchemaText = text;
    }
    return lastSchema;
  }

  /**
   * Parses a schema.
   *
   * @throws IllegalArgumentException if it is none, or not that of a record
   */
  static Schema parse(String text) {
    Schema schema;
    try {
      schema = new Schema.Parser().parse(text);
    } catch (RuntimeException e) {
      // Avro's parser has no exception of its own for all that can be wrong.
      throw new IllegalArgumentException("not an Avro schema: " + e.getMessage(), e);
    }
    if (schema.getType() != Schema.Type.RECORD) {
      throw new IllegalArgumentException(
          "the schema is of type " + schema.getType().getName() + ", not record");
    }
    return schema;
  }

  private ByteBuffer decompressed(byte[] codec, byte[] block) throws RejectedFeatureException {
    String name = codec == null ? "null" : new String(codec, US_ASCII);
    return switch (name) {
      case "null" -> ByteBuffer.wrap(block);
      case "deflate" -> inflated(block);
      default ->
          throw unparsable(
              "the codec of the Avro object container is neither null nor deflate: let Kafka"
                  + " compress the records");
    };
  }

  private ByteBuffer inflated(byte[] block) throws RejectedFeatureException {
    Inflater inflater = new Inflater(true);
    try {
      inflater.setInput(block);
      byte[] bytes = new byte[Math.min(maxRecordBytes, Math.max(64, 4 * block.length))];
      int count = inflater.inflate(bytes);
      while (!inflater.finished()) {
        if (inflater.needsInput() || inflater.needsDictionary()) {
          throw unparsable("the block of the Avro object container is cut short");
        }
        if (count == maxRecordBytes) {
          throw unparsable(
              "the record is larger than kafka.max-record-bytes, "
                  + maxRecordBytes
                  + ", when it is decompressed");
        }
        bytes = Arrays.copyOf(bytes, (int) Math.min(maxRecordBytes, 2L * bytes.length));
        count += inflater.inflate(bytes, count, bytes.length - count);
      }
      return ByteBuffer.wrap(bytes, 0, count);
    } catch (DataFormatException e) {
      throw unparsable("the block of the Avro object container is damaged: " + e.getMessage());
    } finally {
      inflater.end();
    }
  }
}
