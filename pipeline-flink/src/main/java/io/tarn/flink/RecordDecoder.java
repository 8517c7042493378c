package io.tarn.flink;

import io.tarn.embedding.Content;
import io.tarn.embedding.Embedder;
import io.tarn.embedding.EmbeddingException;
import io.tarn.index.feature.Feature;
import io.tarn.index.feature.FeatureId;
import io.tarn.index.feature.IdType;
import io.tarn.index.feature.RejectedFeatureException;
import io.tarn.index.feature.RejectedFeatureException.Reason;
import io.tarn.index.feature.Schema;
import io.tarn.index.feature.VectorRules;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.CharsetDecoder;
import java.nio.charset.CharsetEncoder;
import java.nio.charset.CodingErrorAction;
import java.nio.charset.StandardCharsets;
import java.util.Optional;

/**
 * Makes features of Kafka records.
 *
 * <ul>
 *   <li>The key is the id; see {@link KeyFormat}. A record without a key names its id in the value.
 *   <li>No value means delete.
 *   <li>A value is written in a {@link RecordFormat}. Its fields: {@code id} only repeats the key;
 *       {@code vector}, or {@code text} or {@code image}, which the index's embedder embeds; {@code
 *       attributes} by name; {@code order} is the record's timestamp by default; {@code op} is
 *       {@code upsert}, the default, or {@code delete}; {@code embedder}, the fingerprint of what
 *       made the vector: that of another embedder than the index's is refused. A null counts as not
 *       given.
 *   <li>Fields and attributes the index does not know are passed over and counted.
 * </ul>
 *
 * <p>Whatever a record holds, the outcome is a feature or a {@link RejectedFeatureException}. Not
 * thread-safe.
 */
final class RecordDecoder {
  private final Schema schema;
  private final Optional<Embedder> embedder;
  private final DecoderOptions options;
  private final ValueReader reader;
  private final CharsetDecoder fromUtf8 =
      StandardCharsets.UTF_8
          .newDecoder()
          .onMalformedInput(CodingErrorAction.REPORT)
          .onUnmappableCharacter(CodingErrorAction.REPORT);
  private final CharsetEncoder toUtf8 = StandardCharsets.UTF_8.newEncoder();

  /**
   * @param embedder what embeds texts or images; without it records with these are refused
   * @throws IllegalArgumentException if the parts do not fit each other
   */
  RecordDecoder(Schema schema, Optional<Embedder> embedder, DecoderOptions options) {
    if (options.keyFormat() == KeyFormat.INT64 && schema.idType() != IdType.INT64) {
      throw new IllegalArgumentException(
          "kafka.key-format is int64, but the ids of the index are text: set it to text");
    }
    embedder.ifPresent(
        e -> {
          if (e.dimension() != schema.dimension()) {
            throw new IllegalArgumentException(
                "the index's embedder makes vectors of "
                    + e.dimension()
                    + " values, the index has "
                    + schema.dimension());
          }
        });
    this.schema = schema;
    this.embedder = embedder;
    this.options = options;
    this.reader = reader(schema, options);
  }

  private static ValueReader reader(Schema schema, DecoderOptions options) {
    return switch (options.format()) {
      case JSON -> new JsonRecordReader(schema);
      case BINARY -> new BinaryRecordReader(schema);
      case AVRO ->
          new AvroRecordReader(
              schema, Optional.ofNullable(options.avroSchema()), options.maxRecordBytes());
      case DEBEZIUM_JSON -> new DebeziumRecordReader(schema);
    };
  }

  /** How many fields and attributes unknown to the index were passed over so far. */
  long ignoredFields() {
    return reader.ignoredFields();
  }

  /**
   * @param key may be null
   * @param value null for a delete
   * @param timestampMs the record's, for want of an order of its own
   */
  Feature decode(byte[] key, byte[] value, long offset, long timestampMs)
      throws RejectedFeatureException {
    long bytes = (key == null ? 0L : key.length) + (value == null ? 0L : value.length);
    if (bytes > options.maxRecordBytes()) {
      throw new RejectedFeatureException(
          Reason.OVERSIZED,
          "the record has "
              + bytes
              + " bytes, kafka.max-record-bytes allows "
              + options.maxRecordBytes());
    }
    if (value == null) {
      return Feature.delete(agreedId(key, null), timestampMs, offset);
    }
    RecordFields fields = reader.read(value);
    FeatureId id = agreedId(key, fields.id());
    long order = fields.order().orElse(timestampMs);
    return switch (fields.op()) {
      case DELETE -> Feature.delete(id, order, offset);
      case UPSERT -> {
        checkEmbedder(fields.embedder());
        float[] vector = VectorRules.accept(schema, vector(fields));
        yield new Feature(id, vector, order, offset, fields.attributes());
      }
    };
  }

  /** Vectors of two embedders have distances, but these mean nothing. */
  private void checkEmbedder(String fingerprint) throws RejectedFeatureException {
    if (fingerprint == null) {
      return;
    }
    String own = embedder.map(Embedder::fingerprint).orElse(null);
    if (!fingerprint.equals(own)) {
      throw new RejectedFeatureException(
          Reason.OTHER_EMBEDDER,
          "the record is of the embedder "
              + JsonValues.shortened(fingerprint)
              + ", the index "
              + (own == null ? "has none" : "has " + own));
    }
  }

  private FeatureId agreedId(byte[] key, String valueId) throws RejectedFeatureException {
    FeatureId fromKey = key == null || key.length == 0 ? null : readKey(key);
    if (valueId == null) {
      if (fromKey == null) {
        throw new RejectedFeatureException(
            Reason.MISSING_ID, "the record has no id: neither in its key nor in its value");
      }
      return fromKey;
    }
    if (fromKey != null && options.format() == RecordFormat.DEBEZIUM_JSON) {
      // A table's key need not be its column 'id'.
      return fromKey;
    }
    FeatureId fromValue = parseId(valueId);
    if (fromKey != null && !fromKey.equals(fromValue)) {
      throw new RejectedFeatureException(
          Reason.BAD_ID, "the key is the id '" + fromKey + "', the value says '" + valueId + "'");
    }
    return fromValue;
  }

  private FeatureId readKey(byte[] key) throws RejectedFeatureException {
    return switch (options.keyFormat()) {
      case TEXT -> parseId(decodeUtf8(key));
      case INT64 -> {
        if (key.length != Long.BYTES) {
          throw new RejectedFeatureException(
              Reason.BAD_ID, "the key has " + key.length + " bytes, an int64 has " + Long.BYTES);
        }
        yield FeatureId.of(ByteBuffer.wrap(key).getLong());
      }
      case JSON -> {
        String id = JsonValues.readKey(key);
        yield id == null ? null : parseId(id);
      }
    };
  }

  private String decodeUtf8(byte[] key) throws RejectedFeatureException {
    try {
      return fromUtf8.decode(ByteBuffer.wrap(key)).toString();
    } catch (CharacterCodingException e) {
      throw new RejectedFeatureException(Reason.BAD_ID, "the key is not UTF-8 text");
    }
  }

  private FeatureId parseId(String text) throws RejectedFeatureException {
    // JSON can spell half a surrogate pair, which is no text and would be stored as another id.
    if (!toUtf8.canEncode(text)) {
      throw new RejectedFeatureException(Reason.BAD_ID, "the id is not Unicode text");
    }
    try {
      return FeatureId.parse(schema.idType(), text);
    } catch (IllegalArgumentException e) {
      throw new RejectedFeatureException(Reason.BAD_ID, e.getMessage());
    }
  }

  private float[] vector(RecordFields fields) throws RejectedFeatureException {
    Content content = fields.content();
    if (content == null) {
      return fields.vector();
    }
    String what = content instanceof Content.Image ? "an image" : "a text";
    if (fields.vector() != null) {
      throw new RejectedFeatureException(
          Reason.UNPARSABLE, "the record has a vector and " + what + "; it must have one of them");
    }
    if (embedder.isEmpty()) {
      throw new RejectedFeatureException(
          Reason.NOT_EMBEDDABLE, "the record has " + what + ", but the index has no embedder");
    }
    try {
      return embedder.get().embed(content);
    } catch (EmbeddingException e) {
      throw new RejectedFeatureException(Reason.NOT_EMBEDDABLE, e.getMessage());
    }
  }
}
