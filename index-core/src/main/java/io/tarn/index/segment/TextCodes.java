package io.tarn.index.segment;

import java.util.Arrays;

/** A code for each row, in as many bytes as the largest one takes. */
public sealed interface TextCodes {
  /** How many codes fit one byte. */
  int BYTE_CODES = 1 << Byte.SIZE;

  /** How many codes fit two bytes. */
  int SHORT_CODES = 1 << Short.SIZE;

  /** How many rows there are. */
  int size();

  /** The code of a row. */
  int get(int row);

  /** Bytes of memory the codes take. */
  long memoryBytes();

  /** Codes below 256, read unsigned. */
  record Bytes(byte[] codes) implements TextCodes {
    @Override
    public int size() {
      return codes.length;
    }

    @Override
    public long memoryBytes() {
      return codes.length;
    }

    @Override
    public int get(int row) {
      return codes[row] & 0xff;
    }
  }

  /** Codes below 65,536, read unsigned. */
  record Shorts(short[] codes) implements TextCodes {
    @Override
    public int size() {
      return codes.length;
    }

    @Override
    public long memoryBytes() {
      return (long) Short.BYTES * codes.length;
    }

    @Override
    public int get(int row) {
      return codes[row] & 0xffff;
    }
  }

  /** Any codes. */
  record Ints(int[] codes) implements TextCodes {
    @Override
    public int size() {
      return codes.length;
    }

    @Override
    public long memoryBytes() {
      return (long) Integer.BYTES * codes.length;
    }

    @Override
    public int get(int row) {
      return codes[row];
    }
  }

  /** How much memory a row takes where there are {@code distinct} codes. */
  static int bytesPerRow(int distinct) {
    if (distinct <= BYTE_CODES) {
      return Byte.BYTES;
    }
    return distinct <= SHORT_CODES ? Short.BYTES : Integer.BYTES;
  }

  /** The first {@code size} of {@code codes}, all of which are below {@code distinct}. */
  static TextCodes of(int[] codes, int size, int distinct) {
    if (distinct <= BYTE_CODES) {
      byte[] bytes = new byte[size];
      for (int row = 0; row < size; row++) {
        bytes[row] = (byte) codes[row];
      }
      return new Bytes(bytes);
    }
    if (distinct <= SHORT_CODES) {
      short[] shorts = new short[size];
      for (int row = 0; row < size; row++) {
        shorts[row] = (short) codes[row];
      }
      return new Shorts(shorts);
    }
    return new Ints(Arrays.copyOf(codes, size));
  }
}
