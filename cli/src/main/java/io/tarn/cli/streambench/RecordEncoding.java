package io.tarn.cli.streambench;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.Locale;

/** How vectors are written into the topic: as {@code kafka.format} calls it. */
public enum RecordEncoding {
  /** See docs/streaming.md. */
  BINARY {
    @Override
    byte[] encode(float[] values, int offset, int dimension) {
      ByteBuffer record =
          ByteBuffer.allocate(HEADER_BYTES + dimension * Float.BYTES)
              .order(ByteOrder.LITTLE_ENDIAN)
              .put(VERSION)
              .put(HAS_VECTOR)
              .putInt(dimension);
      record.asFloatBuffer().put(values, offset, dimension);
      return record.array();
    }
  },
  /** An object with a vector and nothing else. */
  JSON {
    @Override
    byte[] encode(float[] values, int offset, int dimension) {
      StringBuilder record = new StringBuilder("{\"vector\":[");
      for (int i = 0; i < dimension; i++) {
        float value = values[offset + i];
        record.append(i == 0 ? "" : ",");
        if (value == (int) value) {
          record.append((int) value);
        } else {
          record.append(value);
        }
      }
      return record.append("]}").toString().getBytes(StandardCharsets.UTF_8);
    }
  };

  private static final byte VERSION = 1;
  private static final byte HAS_VECTOR = 16;
  private static final int HEADER_BYTES = 2 + Integer.BYTES;

  /** The value of a record. */
  abstract byte[] encode(float[] values, int offset, int dimension);

  @Override
  public String toString() {
    return name().toLowerCase(Locale.ROOT);
  }
}
