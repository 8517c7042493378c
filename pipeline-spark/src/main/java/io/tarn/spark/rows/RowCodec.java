package io.tarn.spark.rows;

import io.tarn.embedding.Content;
import io.tarn.index.feature.Attribute;
import io.tarn.index.feature.AttributeType;
import io.tarn.index.feature.FeatureId;
import io.tarn.index.feature.RejectedFeatureException.Reason;
import java.io.Serializable;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.time.Instant;
import java.util.Iterator;
import java.util.List;
import java.util.NoSuchElementException;

/**
 * Rows as bytes, for the time they travel between tasks of one job: written and read by the same
 * version of the code, in little-endian order.
 */
public final class RowCodec implements Serializable {
  private static final int READABLE = 0;
  private static final int DELETED = 1;
  private static final int REJECTED = 2;
  private static final int TEXT = 0;
  private static final int IMAGE = 1;
  private static final int TEXT_ID = 0;
  private static final int NUMBER_ID = 1;
  private static final int NULL = 0;
  private static final int PRESENT = 1;

  private final List<AttributeType> attributeTypes;

  /**
   * @param attributes the attributes of the rows, in order
   */
  public RowCodec(List<Attribute> attributes) {
    this.attributeTypes = attributes.stream().map(Attribute::type).toList();
  }

  /** One row. */
  public byte[] toBytes(InputRow row) {
    RowBuffer out = new RowBuffer();
    write(row, out);
    return out.toBytes();
  }

  /** Writes a row behind those already written. */
  public void write(InputRow row, RowBuffer out) {
    // An if, as a switch over sealed types needs Java 21.
    if (row instanceof InputRow.Readable readable) {
      writeReadable(readable, out);
    } else {
      InputRow.Rejected rejected = (InputRow.Rejected) row;
      out.putByte(REJECTED);
      out.putLong(rejected.position());
      out.putText(rejected.id());
      out.putInt(rejected.reason().ordinal());
      out.putText(rejected.message());
    }
  }

  /** Reads the one row in {@code bytes}. */
  public InputRow read(byte[] bytes) {
    return readAll(bytes, 0).next();
  }

  /**
   * Reads the rows that were written one behind the other.
   *
   * @param firstPosition added to the positions of the rows
   */
  public Iterator<InputRow> readAll(byte[] bytes, long firstPosition) {
    ByteBuffer in = ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN);
    return new Iterator<>() {
      @Override
      public boolean hasNext() {
        return in.hasRemaining();
      }

      @Override
      public InputRow next() {
        if (!in.hasRemaining()) {
          throw new NoSuchElementException();
        }
        return readRow(in, firstPosition);
      }
    };
  }

  private InputRow readRow(ByteBuffer in, long firstPosition) {
    byte kind = in.get();
    long position = firstPosition + in.getLong();
    return kind == REJECTED
        ? new InputRow.Rejected(
            RowBuffer.getText(in), position, Reason.values()[in.getInt()], RowBuffer.getText(in))
        : readReadable(in, position, kind == DELETED);
  }

  private void writeReadable(InputRow.Readable row, RowBuffer out) {
    out.putByte(row.deleted() ? DELETED : READABLE);
    out.putLong(row.position());
    if (row.id() instanceof FeatureId.Int64 number) {
      out.putByte(NUMBER_ID);
      out.putLong(number.value());
    } else {
      out.putByte(TEXT_ID);
      out.putText(((FeatureId.Text) row.id()).value());
    }
    out.putLong(row.order());
    if (row.deleted()) {
      return;
    }
    out.putFloats(row.vector());
    writeContent(row.content(), out);
    for (int i = 0; i < attributeTypes.size(); i++) {
      Object value = row.attributes()[i];
      out.putByte(value == null ? NULL : PRESENT);
      if (value != null) {
        writeAttribute(attributeTypes.get(i), value, out);
      }
    }
  }

  private InputRow readReadable(ByteBuffer in, long position, boolean deleted) {
    FeatureId id =
        in.get() == NUMBER_ID ? FeatureId.of(in.getLong()) : FeatureId.of(RowBuffer.getText(in));
    long order = in.getLong();
    if (deleted) {
      return new InputRow.Readable(id, null, null, order, position, true, new Object[0]);
    }
    float[] vector = RowBuffer.getFloats(in);
    Content content = readContent(in);
    Object[] attributes = new Object[attributeTypes.size()];
    for (int i = 0; i < attributes.length; i++) {
      attributes[i] = in.get() == NULL ? null : readAttribute(attributeTypes.get(i), in);
    }
    return new InputRow.Readable(id, vector, content, order, position, false, attributes);
  }

  private static void writeContent(Content content, RowBuffer out) {
    if (content instanceof Content.Image image) {
      out.putByte(IMAGE);
      out.putBytes(image.bytes());
    } else {
      out.putByte(TEXT);
      out.putText(content == null ? null : ((Content.Text) content).text());
    }
  }

  private static Content readContent(ByteBuffer in) {
    if (in.get() == IMAGE) {
      return new Content.Image(RowBuffer.getBytes(in));
    }
    String text = RowBuffer.getText(in);
    return text == null ? null : new Content.Text(text);
  }

  private static void writeAttribute(AttributeType type, Object value, RowBuffer out) {
    switch (type) {
      case STRING -> out.putText((String) value);
      case LONG -> out.putLong((Long) value);
      case DOUBLE -> out.putDouble((Double) value);
      case BOOLEAN -> out.putByte((Boolean) value ? 1 : 0);
      case TIMESTAMP -> {
        Instant instant = (Instant) value;
        out.putLong(instant.getEpochSecond());
        out.putInt(instant.getNano());
      }
    }
  }

  private static Object readAttribute(AttributeType type, ByteBuffer in) {
    return switch (type) {
      case STRING -> RowBuffer.getText(in);
      case LONG -> in.getLong();
      case DOUBLE -> in.getDouble();
      case BOOLEAN -> in.get() == 1;
      case TIMESTAMP -> Instant.ofEpochSecond(in.getLong(), in.getInt());
    };
  }
}
