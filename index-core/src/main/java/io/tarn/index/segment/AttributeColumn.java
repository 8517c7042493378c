package io.tarn.index.segment;

import io.tarn.index.feature.AttributeType;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.Arrays;

/**
 * The values of one attribute for the rows of a segment, without an object for each. The arrays are
 * the column's own: they are there to be read.
 *
 * <p>Bitmaps here have a bit for each row: that of row r is bit {@code r & 63} of word {@code r >>
 * 6}.
 */
public sealed interface AttributeColumn {

  /** How many rows there are. */
  int size();

  /**
   * The bitmap of the rows that have no value; of no words where every row has one. What a column
   * otherwise holds for such rows means nothing.
   */
  long[] nulls();

  /** The value of a row, of its {@link AttributeType#valueClass()}, or null. */
  Object get(int row);

  /** Bytes of memory the values take. */
  long memoryBytes();

  /** Whether a row has no value. */
  default boolean isNull(int row) {
    return nulls().length > 0 && (nulls()[row >> 6] >>> row & 1) != 0;
  }

  /**
   * Numbers and instants, each as a 64-bit key which orders as they do.
   *
   * @param type {@link AttributeType#LONG}, whose keys are the values; {@link
   *     AttributeType#TIMESTAMP}, microseconds since the epoch; or {@link AttributeType#DOUBLE},
   *     {@link #keyOf}
   * @param keys the key of each row
   */
  record Numbers(AttributeType type, long[] keys, long[] nulls) implements AttributeColumn {

    /**
     * The key of a double: negative infinity has the smallest, NaN the largest, and -0.0 the one
     * before that of 0.0.
     */
    public static long keyOf(double value) {
      return flipped(Double.doubleToLongBits(value));
    }

    /** The bits of a negative double order the wrong way round: flips all but the sign. */
    private static long flipped(long bits) {
      return bits ^ (bits >> 63 & Long.MAX_VALUE);
    }

    @Override
    public int size() {
      return keys.length;
    }

    @Override
    public long memoryBytes() {
      return (long) Long.BYTES * (keys.length + nulls.length);
    }

    @Override
    public Object get(int row) {
      if (isNull(row)) {
        return null;
      }
      return switch (type) {
        case LONG -> keys[row];
        case DOUBLE -> Double.longBitsToDouble(flipped(keys[row]));
        case TIMESTAMP -> Instant.EPOCH.plus(keys[row], ChronoUnit.MICROS);
        case STRING, BOOLEAN -> throw new IllegalStateException(type + " is no number");
      };
    }
  }

  /**
   * Booleans.
   *
   * @param bits the bitmap of the rows that are true
   */
  record Booleans(int size, long[] bits, long[] nulls) implements AttributeColumn {

    @Override
    public long memoryBytes() {
      return (long) Long.BYTES * (bits.length + nulls.length);
    }

    @Override
    public Object get(int row) {
      return isNull(row) ? null : (bits[row >> 6] >>> row & 1) != 0;
    }
  }

  /**
   * Texts that hardly repeat.
   *
   * @param texts the text of each row
   */
  record Texts(Utf8Column texts, long[] nulls) implements AttributeColumn {

    @Override
    public int size() {
      return texts.size();
    }

    @Override
    public long memoryBytes() {
      return texts.memoryBytes() + (long) Long.BYTES * nulls.length;
    }

    @Override
    public Object get(int row) {
      return isNull(row) ? null : texts.get(row);
    }
  }

  /**
   * Texts that repeat.
   *
   * @param dictionary the distinct texts; none where all rows are null
   * @param codes for each row, where in the dictionary its text is
   */
  record CodedTexts(Utf8Column dictionary, TextCodes codes, long[] nulls)
      implements AttributeColumn {

    @Override
    public int size() {
      return codes.size();
    }

    @Override
    public long memoryBytes() {
      return dictionary.memoryBytes() + codes.memoryBytes() + (long) Long.BYTES * nulls.length;
    }

    @Override
    public Object get(int row) {
      return isNull(row) ? null : dictionary.get(codes.get(row));
    }
  }

  /**
   * No value anywhere: of an attribute that came into the schema after the segment was written.
   *
   * @param nulls all rows
   */
  record Absent(int size, long[] nulls) implements AttributeColumn {

    /** For so many rows. */
    public static Absent of(int rows) {
      long[] nulls = new long[(rows + 63) / 64];
      Arrays.fill(nulls, -1L);
      return new Absent(rows, nulls);
    }

    @Override
    public Object get(int row) {
      return null;
    }

    @Override
    public long memoryBytes() {
      return (long) Long.BYTES * nulls.length;
    }
  }

  /** Collects the values of one attribute in row order. */
  final class Builder {
    private static final long[] NONE = {};

    private final AttributeType type;
    private final TextDictionary dictionary = new TextDictionary();

    /** The keys of numbers and instants. */
    private long[] keys = {};

    /** The bitmap of booleans. */
    private long[] bits = {};

    /** The codes of texts. */
    private int[] codes = {};

    private long[] nulls = NONE;
    private int size;

    public Builder(AttributeType type, int expectedRows) {
      this.type = type;
      switch (type) {
        case LONG, DOUBLE, TIMESTAMP -> keys = new long[expectedRows];
        case BOOLEAN -> bits = new long[words(expectedRows)];
        case STRING -> codes = new int[expectedRows];
      }
    }

    /** Adds a row without a value. */
    public void addNull() {
      switch (type) {
        case LONG, DOUBLE, TIMESTAMP -> addKey(0);
        case BOOLEAN -> addBit(false);
        case STRING -> addCode(0);
      }
      nulls = withBit(nulls, size - 1);
    }

    /** Adds a long, or the microseconds since the epoch of an instant. */
    public void add(long value) {
      if (type != AttributeType.TIMESTAMP) {
        check(AttributeType.LONG);
      }
      addKey(value);
    }

    public void add(double value) {
      check(AttributeType.DOUBLE);
      addKey(Numbers.keyOf(value));
    }

    public void add(boolean value) {
      check(AttributeType.BOOLEAN);
      addBit(value);
    }

    /** Adds a text given as UTF-8. */
    public void add(byte[] utf8) {
      check(AttributeType.STRING);
      addCode(dictionary.code(utf8));
    }

    private void check(AttributeType given) {
      if (type != given) {
        throw new IllegalArgumentException(
            "a " + given.externalName() + " in a column of type " + type.externalName());
      }
    }

    private void addKey(long key) {
      if (size == keys.length) {
        keys = Arrays.copyOf(keys, Utf8Column.grown(size + 1));
      }
      keys[size++] = key;
    }

    private void addBit(boolean bit) {
      if (bit) {
        bits = withBit(bits, size);
      }
      size++;
    }

    private void addCode(int code) {
      if (size == codes.length) {
        codes = Arrays.copyOf(codes, Utf8Column.grown(size + 1));
      }
      codes[size++] = code;
    }

    private static long[] withBit(long[] bitmap, int row) {
      long[] longer =
          row >> 6 < bitmap.length
              ? bitmap
              : Arrays.copyOf(bitmap, Utf8Column.grown((row >> 6) + 1));
      longer[row >> 6] |= 1L << row;
      return longer;
    }

    private static int words(int rows) {
      return (rows + 63) / 64;
    }

    /** The rows added so far as a column. */
    public AttributeColumn build() {
      long[] nullRows = nulls.length == 0 ? NONE : Arrays.copyOf(nulls, words(size));
      return switch (type) {
        case LONG, DOUBLE, TIMESTAMP -> new Numbers(type, trimmed(keys), nullRows);
        case BOOLEAN -> new Booleans(size, Arrays.copyOf(bits, words(size)), nullRows);
        case STRING -> buildTexts(nullRows);
      };
    }

    private long[] trimmed(long[] values) {
      return values.length == size ? values : Arrays.copyOf(values, size);
    }

    /** Whichever takes less memory; besides, the codes are quicker to filter by. */
    private AttributeColumn buildTexts(long[] nullRows) {
      Utf8Column distinct = dictionary.texts();
      long plainBytes = 0;
      for (int row = 0; row < size; row++) {
        plainBytes += Integer.BYTES + (isNull(nullRows, row) ? 0 : dictionary.bytes(codes[row]));
      }
      long codedBytes =
          dictionary.bytes()
              + (long) dictionary.size() * Integer.BYTES
              + (long) size * TextCodes.bytesPerRow(dictionary.size());
      if (codedBytes <= plainBytes) {
        return new CodedTexts(distinct, TextCodes.of(codes, size, dictionary.size()), nullRows);
      }
      Utf8Column.Builder plain = new Utf8Column.Builder(size);
      for (int row = 0; row < size; row++) {
        if (isNull(nullRows, row)) {
          plain.add(new byte[0]);
        } else {
          plain.add(distinct, codes[row]);
        }
      }
      return new Texts(plain.build(), nullRows);
    }

    private static boolean isNull(long[] nullRows, int row) {
      return nullRows.length > 0 && (nullRows[row >> 6] >>> row & 1) != 0;
    }
  }
}
