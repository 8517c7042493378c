package io.tarn.flink;

import static io.tarn.flink.JsonValues.unparsable;

import io.tarn.flink.RecordFields.Op;
import io.tarn.index.feature.Attribute;
import io.tarn.index.feature.IdType;
import io.tarn.index.feature.RejectedFeatureException;
import io.tarn.index.feature.Schema;
import java.nio.BufferUnderflowException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.CharsetDecoder;
import java.nio.charset.StandardCharsets;
import java.util.HexFormat;
import java.util.Map;
import java.util.OptionalLong;

/**
 * Reads values in Tarn's compact format: little endian, one field after the other, and nothing that
 * is not given. {@code docs/streaming.md} describes it byte by byte.
 */
final class BinaryRecordReader implements ValueReader {
  static final int VERSION = 1;

  /** Bits of the second byte: which fields follow, in this order. */
  static final int DELETE = 1;

  static final int ID = 2;
  static final int ORDER = 4;
  static final int EMBEDDER = 8;
  static final int VECTOR = 16;
  static final int TEXT = 32;
  static final int ATTRIBUTES = 64;
  static final int IMAGE = 128;

  static final int EMBEDDER_BYTES = 16;

  /** What the byte before an attribute's value says of its type. */
  static final int STRING = 1;

  static final int LONG = 2;
  static final int DOUBLE = 3;
  static final int BOOLEAN = 4;
  static final int MICROS = 5;

  private final Schema schema;
  private final Map<String, Integer> attributeIndexes;
  private final CharsetDecoder utf8 = StandardCharsets.UTF_8.newDecoder();
  private long ignoredFields;

  BinaryRecordReader(Schema schema) {
    this.schema = schema;
    this.attributeIndexes = AttributeRules.indexes(schema);
  }

  @Override
  public long ignoredFields() {
    return ignoredFields;
  }

  @Override
  public RecordFields read(byte[] value) throws RejectedFeatureException {
    ByteBuffer in = ByteBuffer.wrap(value).order(ByteOrder.LITTLE_ENDIAN);
    try {
      RecordFields fields = readFields(in);
      if (in.hasRemaining()) {
        throw unparsable(in.remaining() + " bytes are left over after the record's last field");
      }
      return fields;
    } catch (BufferUnderflowException e) {
      throw unparsable("the record has " + value.length + " bytes and ends within a field");
    }
  }

  private RecordFields readFields(ByteBuffer in) throws RejectedFeatureException {
    int version = in.get();
    if (version != VERSION) {
      throw unparsable("the first byte is " + version + ", the format's version is " + VERSION);
    }
    int flags = in.get();
    String id = (flags & ID) == 0 ? null : readId(in);
    OptionalLong order =
        (flags & ORDER) == 0 ? OptionalLong.empty() : OptionalLong.of(in.getLong());
    String embedder = (flags & EMBEDDER) == 0 ? null : readFingerprint(in);
    float[] vector = (flags & VECTOR) == 0 ? null : readVector(in);
    String text = (flags & TEXT) == 0 ? null : readText(in, in.getInt());
    Object[] attributes = new Object[schema.attributes().size()];
    if ((flags & ATTRIBUTES) != 0) {
      readAttributes(in, attributes);
    }
    byte[] image = (flags & IMAGE) == 0 ? null : readImage(in);
    Op op = (flags & DELETE) == 0 ? Op.UPSERT : Op.DELETE;
    return new RecordFields(
        id, vector, RecordFields.content(text, image), attributes, order, op, embedder);
  }

  private String readId(ByteBuffer in) throws RejectedFeatureException {
    return schema.idType() == IdType.INT64
        ? Long.toString(in.getLong())
        : readText(in, Short.toUnsignedInt(in.getShort()));
  }

  private static String readFingerprint(ByteBuffer in) {
    byte[] bytes = new byte[EMBEDDER_BYTES];
    in.get(bytes);
    return HexFormat.of().formatHex(bytes);
  }

  private static float[] readVector(ByteBuffer in) throws RejectedFeatureException {
    int count = in.getInt();
    if (count < 0 || count > in.remaining() / Float.BYTES) {
      throw unparsable(
          "a vector of " + count + " values begins, " + in.remaining() + " bytes are left");
    }
    float[] vector = new float[count];
    in.asFloatBuffer().get(vector);
    in.position(in.position() + count * Float.BYTES);
    return vector;
  }

  private static byte[] readImage(ByteBuffer in) throws RejectedFeatureException {
    int bytes = in.getInt();
    if (bytes < 0 || bytes > in.remaining()) {
      throw unparsable("an image of " + bytes + " bytes begins, " + in.remaining() + " are left");
    }
    byte[] image = new byte[bytes];
    in.get(image);
    return image;
  }

  private String readText(ByteBuffer in, int bytes) throws RejectedFeatureException {
    if (bytes < 0 || bytes > in.remaining()) {
      throw unparsable("a text of " + bytes + " bytes begins, " + in.remaining() + " are left");
    }
    ByteBuffer text = in.slice(in.position(), bytes);
    in.position(in.position() + bytes);
    try {
      return utf8.decode(text).toString();
    } catch (CharacterCodingException e) {
      throw unparsable("a text is not UTF-8");
    }
  }

  private void readAttributes(ByteBuffer in, Object[] values) throws RejectedFeatureException {
    int count = Short.toUnsignedInt(in.getShort());
    for (int i = 0; i < count; i++) {
      Integer index = attributeIndexes.get(readText(in, Byte.toUnsignedInt(in.get())));
      int type = in.get();
      Object value = readValue(in, type);
      if (index == null) {
        ignoredFields++;
      } else {
        values[index] = checked(schema.attributes().get(index), type, value);
      }
    }
  }

  private Object readValue(ByteBuffer in, int type) throws RejectedFeatureException {
    return switch (type) {
      case STRING -> readText(in, in.getInt());
      case LONG, MICROS -> in.getLong();
      case DOUBLE -> in.getDouble();
      case BOOLEAN -> readBoolean(in.get());
      default ->
          throw unparsable("an attribute has the type " + type + ", known are 1 to " + MICROS);
    };
  }

  private static boolean readBoolean(byte value) throws RejectedFeatureException {
    if (value != 0 && value != 1) {
      throw unparsable("a boolean is " + value + ": give 0 or 1");
    }
    return value == 1;
  }

  private static Object checked(Attribute attribute, int type, Object value)
      throws RejectedFeatureException {
    Object fitting =
        switch (attribute.type()) {
          case STRING -> type == STRING ? value : null;
          case LONG -> type == LONG ? value : null;
          case DOUBLE -> type == DOUBLE ? AttributeRules.finite((double) value) : null;
          case BOOLEAN -> type == BOOLEAN ? value : null;
          case TIMESTAMP -> type == MICROS ? AttributeRules.fromMicros((long) value) : null;
        };
    if (fitting == null) {
      throw AttributeRules.rejection(
          attribute, value instanceof String text ? JsonValues.quoted(text) : value.toString());
    }
    return fitting;
  }
}
