package io.tarn.flink;

import static io.tarn.flink.JsonValues.unparsable;

import io.tarn.index.feature.RejectedFeatureException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import org.apache.avro.Schema;
import org.apache.avro.io.BinaryDecoder;
import org.apache.avro.io.DecoderFactory;

/**
 * Avro's binary encoding, read from bytes that nobody vouches for. Avro's own readers believe the
 * lengths they find, and allocate before they read; and a schema of a few bytes can describe a
 * value that takes none and has more parts than one could ever visit. So lengths are compared with
 * what is left, and the parts of a record are counted.
 */
final class AvroBytes {
  /** Parts without bytes that a record may have beside those of which each takes one. */
  private static final int FREE_PARTS = 10_000;

  private static final int MAX_DEPTH = 64;

  private final BinaryDecoder in;
  private long partsLeft;

  AvroBytes(byte[] bytes) {
    this(ByteBuffer.wrap(bytes));
  }

  AvroBytes(ByteBuffer bytes) {
    this.in =
        DecoderFactory.get()
            .binaryDecoder(
                bytes.array(), bytes.arrayOffset() + bytes.position(), bytes.remaining(), null);
    this.partsLeft = FREE_PARTS + 2L * bytes.remaining();
  }

  boolean isEnd() throws IOException {
    return in.isEnd();
  }

  private int remaining() throws IOException {
    return in.inputStream().available();
  }

  /** To be called for each part of the record. */
  private void visit() throws RejectedFeatureException {
    partsLeft--;
    if (partsLeft < 0) {
      throw unparsable("the record has more parts than bytes");
    }
  }

  /** The branch that is taken, if the schema is a union; otherwise the schema. */
  Schema resolve(Schema schema) throws IOException, RejectedFeatureException {
    visit();
    if (schema.getType() != Schema.Type.UNION) {
      return schema;
    }
    long branch = in.readLong();
    if (branch < 0 || branch >= schema.getTypes().size()) {
      throw unparsable("a union has no branch " + branch);
    }
    return schema.getTypes().get((int) branch);
  }

  long readLong() throws IOException {
    return in.readLong();
  }

  /** A number of any of Avro's four types. */
  double readNumber(Schema schema) throws IOException {
    return switch (schema.getType()) {
      case INT -> in.readInt();
      case LONG -> in.readLong();
      case FLOAT -> in.readFloat();
      case DOUBLE -> in.readDouble();
      default -> throw new IllegalArgumentException("not a number: " + schema.getType());
    };
  }

  boolean readBoolean() throws IOException {
    return in.readBoolean();
  }

  /** The symbol of an enum. */
  String readSymbol(Schema schema) throws IOException, RejectedFeatureException {
    int symbol = in.readEnum();
    if (symbol < 0 || symbol >= schema.getEnumSymbols().size()) {
      throw unparsable("an enum has no symbol " + symbol);
    }
    return schema.getEnumSymbols().get(symbol);
  }

  byte[] readBytes() throws IOException, RejectedFeatureException {
    return readFixed(in.readLong());
  }

  byte[] readFixed(long length) throws IOException, RejectedFeatureException {
    checkLength(length);
    byte[] bytes = new byte[(int) length];
    in.readFixed(bytes);
    return bytes;
  }

  private void checkLength(long length) throws IOException, RejectedFeatureException {
    if (length < 0 || length > remaining()) {
      throw unparsable("a value of " + length + " bytes begins, " + remaining() + " are left");
    }
  }

  String readString() throws IOException, RejectedFeatureException {
    try {
      return StandardCharsets.UTF_8.newDecoder().decode(ByteBuffer.wrap(readBytes())).toString();
    } catch (CharacterCodingException e) {
      throw unparsable("a string is not UTF-8");
    }
  }

  /** How many items follow in an array or map; 0 after the last. */
  long readBlockCount() throws IOException, RejectedFeatureException {
    long count = in.readLong();
    if (count < 0) {
      // Its size in bytes comes along, for those who skip it.
      in.readLong();
      count = -count;
    }
    if (count < 0 || count > remaining()) {
      throw unparsable(
          "an array of " + count + " items begins, " + remaining() + " bytes are left");
    }
    return count;
  }

  void skip(Schema schema) throws IOException, RejectedFeatureException {
    skip(schema, 0);
  }

  private void skip(Schema declared, int depth) throws IOException, RejectedFeatureException {
    if (depth > MAX_DEPTH) {
      throw unparsable("the record is nested more than " + MAX_DEPTH + " times");
    }
    Schema schema = resolve(declared);
    switch (schema.getType()) {
      case NULL -> {}
      case BOOLEAN -> in.readBoolean();
      case INT, ENUM -> in.readInt();
      case LONG -> in.readLong();
      case FLOAT -> in.readFloat();
      case DOUBLE -> in.readDouble();
      case STRING, BYTES -> skipBytes(in.readLong());
      case FIXED -> skipBytes(schema.getFixedSize());
      case RECORD -> {
        for (Schema.Field field : schema.getFields()) {
          skip(field.schema(), depth + 1);
        }
      }
      case ARRAY -> {
        for (long items = readBlockCount(); items > 0; items = readBlockCount()) {
          for (long i = 0; i < items; i++) {
            skip(schema.getElementType(), depth + 1);
          }
        }
      }
      case MAP -> {
        for (long items = readBlockCount(); items > 0; items = readBlockCount()) {
          for (long i = 0; i < items; i++) {
            skipBytes(in.readLong());
            skip(schema.getValueType(), depth + 1);
          }
        }
      }
      case UNION -> throw unparsable("a union holds a union");
    }
  }

  private void skipBytes(long length) throws IOException, RejectedFeatureException {
    checkLength(length);
    in.skipFixed((int) length);
  }
}
