package io.tarn.index.format;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import org.apache.parquet.format.DataPageHeaderV2;
import org.apache.parquet.format.Encoding;

/** Decodes the values of a page, all at once. Arrays are used again for the next page. */
final class PageValues {
  /** Bits that a value of any width, which begins within a byte, can be taken from at once. */
  private static final int MAX_WINDOW_BITS = 57;

  private long[] numbers = {};
  private byte[] text = {};

  /** Decodes the values, whole numbers of 32 or 64 bits, of a page without nulls. */
  long[] numbers(DataPageHeaderV2 page, ByteBuffer values, boolean wide) throws IOException {
    int count = requireNoNulls(page);
    makeRoom(count);
    switch (page.getEncoding()) {
      case PLAIN -> plain(values, count, wide);
      case DELTA_BINARY_PACKED -> delta(values, count, wide);
      default -> throw unexpected(page.getEncoding());
    }
    return numbers;
  }

  private static int requireNoNulls(DataPageHeaderV2 page) throws IOException {
    if (page.getNum_nulls() != 0 || page.getNum_values() != page.getNum_rows()) {
      throw new IOException("a page with nulls in a column that has none");
    }
    return page.getNum_values();
  }

  private static IOException unexpected(Encoding encoding) {
    return new IOException("a page of encoding " + encoding + ", which its column cannot have");
  }

  /** No page has more rows than its row group, and that not more than the snapshot says. */
  private void makeRoom(int count) {
    if (numbers.length < count) {
      numbers = new long[count];
    }
  }

  private void plain(ByteBuffer values, int count, boolean wide) throws IOException {
    int valueBytes = wide ? Long.BYTES : Integer.BYTES;
    if (values.remaining() != (long) count * valueBytes) {
      throw new IOException("a page of " + values.remaining() + " bytes for " + count + " values");
    }
    if (wide) {
      values.asLongBuffer().get(numbers, 0, count);
      return;
    }
    for (int i = 0; i < count; i++) {
      numbers[i] = values.getInt();
    }
  }

  /**
   * Parquet's DELTA_BINARY_PACKED: the first value, then blocks of the least difference, a bit
   * width for each of the miniblocks, and these; see "Delta Encoding" in the Parquet format's
   * Encodings.md. All sums wrap around.
   */
  private void delta(ByteBuffer in, int count, boolean wide) throws IOException {
    int blockValues = varint(in);
    int miniblocks = varint(in);
    int total = varint(in);
    if (total != count || miniblocks < 1 || miniblocks > blockValues / Byte.SIZE) {
      throw new IOException("differences of " + total + " values where there are " + count);
    }
    int perMiniblock = blockValues / miniblocks;
    if (perMiniblock % Byte.SIZE != 0) {
      throw new IOException("miniblocks of " + perMiniblock + " differences");
    }
    long last = zigZag(in);
    int row = 0;
    if (count > 0) {
      numbers[row++] = wide ? last : (int) last;
    }
    byte[] widths = new byte[Math.min(miniblocks, in.remaining())];
    while (row < count) {
      long least = zigZag(in);
      in.get(widths);
      for (int m = 0; m < widths.length && row < count; m++) {
        int width = widths[m];
        if (width < 0 || width > Long.SIZE) {
          throw new IOException("differences of " + width + " bits");
        }
        int to = Math.min(count, row + perMiniblock);
        int at = in.position();
        int bytes = Math.multiplyExact(perMiniblock / Byte.SIZE, width);
        unpack(in, at, width, least, row, to);
        for (; row < to; row++) {
          last += numbers[row];
          numbers[row] = wide ? last : (int) last;
        }
        // Whoever wrote the last miniblock may have left out what is behind the last value.
        in.position(row < count ? at + bytes : Math.min(at + bytes, in.limit()));
      }
    }
  }

  /** Writes {@code least} plus each packed number to {@code numbers}. */
  private void unpack(ByteBuffer in, int at, int width, long least, int from, int to) {
    if (width == 0) {
      for (int i = from; i < to; i++) {
        numbers[i] = least;
      }
      return;
    }
    long mask = width == Long.SIZE ? -1 : (1L << width) - 1;
    long bit = (long) at * Byte.SIZE;
    for (int i = from; i < to; i++, bit += width) {
      int place = (int) (bit >>> 3);
      int shift = (int) bit & 7;
      long packed;
      if (width <= MAX_WINDOW_BITS && place + Long.BYTES <= in.limit()) {
        packed = in.getLong(place) >>> shift;
      } else {
        packed = bits(in, place, shift, width);
      }
      numbers[i] = least + (packed & mask);
    }
  }

  /** Byte by byte: where there are not eight, or a value lies in nine. */
  private static long bits(ByteBuffer in, int place, int shift, int width) {
    long packed = (in.get(place) & 0xFFL) >>> shift;
    int p = place + 1;
    for (int have = Byte.SIZE - shift; have < width; have += Byte.SIZE) {
      packed |= (in.get(p++) & 0xFFL) << have;
    }
    return packed;
  }

  private static int varint(ByteBuffer in) throws IOException {
    long value = varlong(in);
    if (value < 0 || value > Integer.MAX_VALUE) {
      throw new IOException("a number of " + value + " where a length should be");
    }
    return (int) value;
  }

  private static long varlong(ByteBuffer in) {
    long value = 0;
    int shift = 0;
    byte b;
    do {
      b = in.get();
      value |= (b & 0x7FL) << shift;
      shift += 7;
    } while (b < 0 && shift < Long.SIZE);
    return value;
  }

  private static long zigZag(ByteBuffer in) {
    long value = varlong(in);
    return value >>> 1 ^ -(value & 1);
  }

  /** Takes texts. */
  interface TextReceiver {
    /**
     * Takes texts, which it must not keep.
     *
     * @param utf8 the texts, one after the other
     * @param lengths how many bytes each has
     */
    void accept(byte[] utf8, long[] lengths, int count);
  }

  /** Decodes the texts of a page without nulls. */
  void texts(DataPageHeaderV2 page, ByteBuffer values, TextReceiver receiver) throws IOException {
    int count = requireNoNulls(page);
    if (page.getEncoding() != Encoding.DELTA_LENGTH_BYTE_ARRAY) {
      throw unexpected(page.getEncoding());
    }
    makeRoom(count);
    delta(values, count, false);
    long bytes = 0;
    for (int i = 0; i < count; i++) {
      if (numbers[i] < 0) {
        throw new IOException("a text of " + numbers[i] + " bytes");
      }
      bytes += numbers[i];
    }
    if (bytes != values.remaining()) {
      throw new IOException("texts of " + bytes + " bytes in " + values.remaining());
    }
    if (text.length < bytes) {
      text = new byte[(int) bytes];
    }
    values.get(text, 0, (int) bytes);
    receiver.accept(text, numbers, count);
  }

  /**
   * The values of a page as they are, all of the same size; its nulls come first.
   *
   * @param nulls how many of its rows have no value
   */
  static ByteBuffer fixed(
      DataPageHeaderV2 page, ByteBuffer values, int nulls, int valuesPerRow, int valueBytes)
      throws IOException {
    long count = (long) (page.getNum_rows() - nulls) * valuesPerRow;
    if (page.getEncoding() != Encoding.PLAIN
        || page.getNum_nulls() != nulls
        || page.getNum_values() != count + nulls
        || values.remaining() != count * valueBytes) {
      throw new IOException(
          "a page that does not hold " + valuesPerRow * valueBytes + " bytes for each row");
    }
    return values.order(ByteOrder.LITTLE_ENDIAN);
  }
}
