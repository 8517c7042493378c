package io.tarn.flink;

import static io.tarn.flink.JsonValues.unparsable;

import io.tarn.flink.AvroContainer.Content;
import io.tarn.flink.RecordFields.Op;
import io.tarn.index.feature.Attribute;
import io.tarn.index.feature.RejectedFeatureException;
import io.tarn.index.feature.RejectedFeatureException.Reason;
import io.tarn.index.feature.Schema;
import java.io.EOFException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.time.Instant;
import java.util.Arrays;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import org.apache.avro.AvroRuntimeException;
import org.apache.avro.Schema.Type;

/**
 * Reads Avro records whose fields have the names of the JSON format, whatever their order, beside
 * others, and as unions with null or not.
 */
final class AvroRecordReader implements ValueReader {
  private static final String TIMESTAMP_MICROS = "timestamp-micros";

  private final Schema schema;
  private final Map<String, Integer> attributeIndexes;
  private final Optional<org.apache.avro.Schema> avroSchema;
  private final AvroContainer container;
  private long ignoredFields;

  /**
   * @param avroSchema the schema of all records, as JSON; if it is empty, each brings its own
   * @param maxRecordBytes how large a record may be after it is decompressed
   * @throws IllegalArgumentException if {@code avroSchema} is not the schema of a record
   */
  AvroRecordReader(Schema schema, Optional<String> avroSchema, int maxRecordBytes) {
    this.schema = schema;
    this.attributeIndexes = AttributeRules.indexes(schema);
    this.avroSchema = avroSchema.map(AvroContainer::parse);
    this.container = new AvroContainer(maxRecordBytes);
  }

  @Override
  public long ignoredFields() {
    return ignoredFields;
  }

  @Override
  public RecordFields read(byte[] value) throws RejectedFeatureException {
    try {
      Content content =
          avroSchema.isPresent()
              ? new Content(avroSchema.get(), new AvroBytes(value))
              : container.open(value);
      RecordFields fields = readFields(content.schema(), content.record());
      if (!content.record().isEnd()) {
        throw unparsable("bytes are left over after the record: it has another schema");
      }
      return fields;
    } catch (EOFException e) {
      throw unparsable("the record ends within a field: it is cut short, or has another schema");
    } catch (IOException | AvroRuntimeException e) {
      throw unparsable("malformed Avro: " + e.getMessage());
    }
  }

  private RecordFields readFields(org.apache.avro.Schema record, AvroBytes in)
      throws IOException, RejectedFeatureException {
    String id = null;
    float[] vector = null;
    String text = null;
    byte[] image = null;
    Object[] attributes = new Object[schema.attributes().size()];
    OptionalLong order = OptionalLong.empty();
    Op op = Op.UPSERT;
    String embedder = null;
    for (org.apache.avro.Schema.Field field : record.getFields()) {
      switch (field.name()) {
        case "id" -> id = readId(in.resolve(field.schema()), in);
        case "vector" -> vector = readVector(in.resolve(field.schema()), in);
        case "text" -> text = readText(field, in);
        case "image" -> image = readImage(in.resolve(field.schema()), in);
        case "attributes" -> readAttributes(in.resolve(field.schema()), in, attributes);
        case "order" -> order = readOrder(in.resolve(field.schema()), in);
        case "op" -> op = readOp(field, in);
        case "embedder" -> embedder = readText(field, in);
        default -> passOver(field.schema(), in);
      }
    }
    return new RecordFields(
        id, vector, RecordFields.content(text, image), attributes, order, op, embedder);
  }

  private static String readId(org.apache.avro.Schema type, AvroBytes in)
      throws IOException, RejectedFeatureException {
    return switch (type.getType()) {
      case NULL -> null;
      case STRING -> in.readString();
      case INT, LONG -> Long.toString(in.readLong());
      default ->
          throw new RejectedFeatureException(
              Reason.BAD_ID, "the id is of type " + name(type) + ": give a string, int or long");
    };
  }

  private float[] readVector(org.apache.avro.Schema type, AvroBytes in)
      throws IOException, RejectedFeatureException {
    return switch (type.getType()) {
      case NULL -> null;
      case ARRAY -> readArray(type.getElementType(), in);
      case BYTES -> floats(in.readBytes());
      case FIXED -> floats(in.readFixed(type.getFixedSize()));
      default ->
          throw unparsable("the vector is of type " + name(type) + ": give an array of numbers");
    };
  }

  private float[] readArray(org.apache.avro.Schema declared, AvroBytes in)
      throws IOException, RejectedFeatureException {
    float[] vector = new float[schema.dimension()];
    int count = 0;
    for (long items = in.readBlockCount(); items > 0; items = in.readBlockCount()) {
      for (long i = 0; i < items; i++) {
        org.apache.avro.Schema type = in.resolve(declared);
        if (!isNumber(type)) {
          throw unparsable("value " + count + " of the vector is of type " + name(type));
        }
        if (count == vector.length) {
          vector = Arrays.copyOf(vector, Math.multiplyExact(count, 2));
        }
        vector[count] = (float) in.readNumber(type);
        count++;
      }
    }
    return count == vector.length ? vector : Arrays.copyOf(vector, count);
  }

  private static float[] floats(byte[] bytes) throws RejectedFeatureException {
    if (bytes.length % Float.BYTES != 0) {
      throw unparsable("the vector has " + bytes.length + " bytes, a float has " + Float.BYTES);
    }
    float[] vector = new float[bytes.length / Float.BYTES];
    ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN).asFloatBuffer().get(vector);
    return vector;
  }

  private static String readText(org.apache.avro.Schema.Field field, AvroBytes in)
      throws IOException, RejectedFeatureException {
    org.apache.avro.Schema type = in.resolve(field.schema());
    return switch (type.getType()) {
      case NULL -> null;
      case STRING -> in.readString();
      case ENUM -> in.readSymbol(type);
      default -> throw unparsable("the " + field.name() + " is of type " + name(type));
    };
  }

  private static byte[] readImage(org.apache.avro.Schema type, AvroBytes in)
      throws IOException, RejectedFeatureException {
    return switch (type.getType()) {
      case NULL -> null;
      case BYTES -> in.readBytes();
      default -> throw unparsable("the image is of type " + name(type) + ": give bytes");
    };
  }

  private static OptionalLong readOrder(org.apache.avro.Schema type, AvroBytes in)
      throws IOException, RejectedFeatureException {
    return switch (type.getType()) {
      case NULL -> OptionalLong.empty();
      case INT, LONG -> OptionalLong.of(in.readLong());
      default -> throw unparsable("the order is of type " + name(type) + ": give an int or a long");
    };
  }

  private static Op readOp(org.apache.avro.Schema.Field field, AvroBytes in)
      throws IOException, RejectedFeatureException {
    String op = readText(field, in);
    if (op == null || op.equals("upsert")) {
      return Op.UPSERT;
    }
    if (!op.equals("delete")) {
      throw unparsable("the op is " + JsonValues.quoted(op) + ": give upsert or delete");
    }
    return Op.DELETE;
  }

  private void readAttributes(org.apache.avro.Schema type, AvroBytes in, Object[] values)
      throws IOException, RejectedFeatureException {
    switch (type.getType()) {
      case NULL -> {}
      case RECORD -> {
        for (org.apache.avro.Schema.Field field : type.getFields()) {
          readAttribute(field.name(), field.schema(), in, values);
        }
      }
      case MAP -> {
        for (long items = in.readBlockCount(); items > 0; items = in.readBlockCount()) {
          for (long i = 0; i < items; i++) {
            readAttribute(in.readString(), type.getValueType(), in, values);
          }
        }
      }
      default ->
          throw new RejectedFeatureException(
              Reason.BAD_ATTRIBUTE,
              "the attributes are of type " + name(type) + ": give a record or a map");
    }
  }

  private void readAttribute(
      String name, org.apache.avro.Schema declared, AvroBytes in, Object[] values)
      throws IOException, RejectedFeatureException {
    Integer index = attributeIndexes.get(name);
    if (index == null) {
      passOver(declared, in);
      return;
    }
    org.apache.avro.Schema type = in.resolve(declared);
    values[index] =
        type.getType() == Type.NULL ? null : readValue(schema.attributes().get(index), type, in);
  }

  private static Object readValue(Attribute attribute, org.apache.avro.Schema type, AvroBytes in)
      throws IOException, RejectedFeatureException {
    Object value =
        switch (type.getType()) {
          case STRING -> in.readString();
          case ENUM -> in.readSymbol(type);
          case BOOLEAN -> in.readBoolean();
          case INT, LONG -> in.readLong();
          case FLOAT, DOUBLE -> in.readNumber(type);
          default -> throw AttributeRules.rejection(attribute, "of type " + name(type));
        };
    Object fitting =
        switch (attribute.type()) {
          case STRING -> value instanceof String ? value : null;
          case LONG -> value instanceof Long ? value : null;
          case DOUBLE ->
              value instanceof Number number ? AttributeRules.finite(number.doubleValue()) : null;
          case BOOLEAN -> value instanceof Boolean ? value : null;
          case TIMESTAMP -> timestamp(value, type);
        };
    if (fitting == null) {
      throw AttributeRules.rejection(
          attribute, value instanceof String text ? JsonValues.quoted(text) : value.toString());
    }
    return fitting;
  }

  /** As in JSON, a number without a logical type is milliseconds. */
  private static Instant timestamp(Object value, org.apache.avro.Schema type) {
    if (value instanceof String text) {
      return AttributeRules.parseInstant(text);
    }
    if (!(value instanceof Long number)) {
      return null;
    }
    boolean micros =
        type.getLogicalType() != null && type.getLogicalType().getName().equals(TIMESTAMP_MICROS);
    return micros
        ? AttributeRules.fromMicros(number)
        : AttributeRules.storable(Instant.ofEpochMilli(number));
  }

  private void passOver(org.apache.avro.Schema type, AvroBytes in)
      throws IOException, RejectedFeatureException {
    ignoredFields++;
    in.skip(type);
  }

  private static boolean isNumber(org.apache.avro.Schema type) {
    return switch (type.getType()) {
      case INT, LONG, FLOAT, DOUBLE -> true;
      default -> false;
    };
  }

  private static String name(org.apache.avro.Schema type) {
    return type.getType().getName();
  }
}
