package io.tarn.spark.rows;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;

/** A growing array of bytes, written at its end. */
public final class RowBuffer {
  private static final int INITIAL_BYTES = 1024;

  private ByteBuffer bytes = ByteBuffer.allocate(INITIAL_BYTES).order(ByteOrder.LITTLE_ENDIAN);

  /** How many bytes have been written. */
  public int size() {
    return bytes.position();
  }

  /** A copy of what has been written. */
  public byte[] toBytes() {
    return Arrays.copyOf(bytes.array(), bytes.position());
  }

  /** Forgets what has been written. */
  public void clear() {
    bytes.clear();
  }

  void putByte(int value) {
    room(1).put((byte) value);
  }

  void putInt(int value) {
    room(Integer.BYTES).putInt(value);
  }

  void putLong(long value) {
    room(Long.BYTES).putLong(value);
  }

  void putDouble(double value) {
    room(Double.BYTES).putDouble(value);
  }

  /** Null is written as well. */
  void putText(String value) {
    if (value == null) {
      putInt(-1);
      return;
    }
    putBytes(value.getBytes(StandardCharsets.UTF_8));
  }

  void putBytes(byte[] value) {
    putInt(value.length);
    room(value.length).put(value);
  }

  /** Null is written as well. */
  void putFloats(float[] values) {
    if (values == null) {
      putInt(-1);
      return;
    }
    putInt(values.length);
    int length = values.length * Float.BYTES;
    room(length).asFloatBuffer().put(values);
    bytes.position(bytes.position() + length);
  }

  static String getText(ByteBuffer in) {
    int length = in.getInt();
    if (length < 0) {
      return null;
    }
    String text =
        new String(in.array(), in.arrayOffset() + in.position(), length, StandardCharsets.UTF_8);
    in.position(in.position() + length);
    return text;
  }

  static byte[] getBytes(ByteBuffer in) {
    byte[] value = new byte[in.getInt()];
    in.get(value);
    return value;
  }

  static float[] getFloats(ByteBuffer in) {
    int length = in.getInt();
    if (length < 0) {
      return null;
    }
    float[] values = new float[length];
    in.asFloatBuffer().get(values);
    in.position(in.position() + length * Float.BYTES);
    return values;
  }

  private ByteBuffer room(int count) {
    if (bytes.remaining() < count) {
      long wanted = Math.max((long) bytes.position() + count, 2L * bytes.capacity());
      int capacity = (int) Math.min(wanted, Integer.MAX_VALUE - 8);
      bytes =
          ByteBuffer.wrap(Arrays.copyOf(bytes.array(), capacity))
              .order(ByteOrder.LITTLE_ENDIAN)
              .position(bytes.position());
    }
    return bytes;
  }
}
