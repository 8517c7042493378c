package io.tarn.index.segment;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;

/**
 * Texts as UTF-8 in one array, without an object for each. They order as their bytes do, unsigned,
 * which is the order of their code points.
 */
public final class Utf8Column {
  /** The longest array that every JVM makes. */
  private static final int MAX_ARRAY_LENGTH = Integer.MAX_VALUE - 8;

  private static final int MIN_CAPACITY = 16;

  /** Odd, its bits irregular. */
  private static final long FACTOR = 0x9e3779b97f4a7c15L;

  /** Eight bytes of an array at once. */
  private static final VarHandle WORDS =
      MethodHandles.byteArrayViewVarHandle(long[].class, ByteOrder.LITTLE_ENDIAN);

  private final byte[] utf8;

  /** Where each text ends, and the next begins. */
  private final int[] ends;

  private Utf8Column(byte[] utf8, int[] ends) {
    this.utf8 = utf8;
    this.ends = ends;
  }

  /** The one text {@code text}, as a column to compare others with. */
  public static Utf8Column single(String text) {
    Builder builder = new Builder(1);
    builder.add(text.getBytes(StandardCharsets.UTF_8));
    return builder.build();
  }

  /** How many texts there are. */
  public int size() {
    return ends.length;
  }

  /** The text of a row. */
  public String get(int row) {
    int start = start(row);
    return new String(utf8, start, ends[row] - start, StandardCharsets.UTF_8);
  }

  /** Reads where a text is and how it begins; see {@link IdColumn#touch}. */
  int touch(int row) {
    int start = start(row);
    return start < ends[row] ? utf8[start] : 0;
  }

  /** A hash that depends on the text alone, well mixed in its low bits. */
  public int hash(int row) {
    return hash(utf8, start(row), ends[row]);
  }

  /** Whether a row here and a row there have the same text. */
  public boolean sameText(int row, Utf8Column other, int otherRow) {
    return Arrays.equals(
        utf8, start(row), ends[row], other.utf8, other.start(otherRow), other.ends[otherRow]);
  }

  /** Negative, zero or positive, as the text of a row here is before, as or after one there. */
  public int compare(int row, Utf8Column other, int otherRow) {
    return Arrays.compareUnsigned(
        utf8, start(row), ends[row], other.utf8, other.start(otherRow), other.ends[otherRow]);
  }

  /** Bytes of memory the texts take. */
  public long memoryBytes() {
    return utf8.length + (long) Integer.BYTES * ends.length;
  }

  private int start(int row) {
    return row == 0 ? 0 : ends[row - 1];
  }

  /** As {@link #hash(int)} of a column that holds this text, given as UTF-8. */
  static int hash(byte[] text) {
    return hash(text, 0, text.length);
  }

  private static int hash(byte[] utf8, int start, int end) {
    long hash = (long) end - start;
    int i = start;
    for (; i <= end - Long.BYTES; i += Long.BYTES) {
      hash = (hash ^ (long) WORDS.get(utf8, i)) * FACTOR;
      hash ^= hash >>> 32;
    }
    long rest = 0;
    for (; i < end; i++) {
      rest = rest << Byte.SIZE | utf8[i] & 0xff;
    }
    return mix(hash ^ rest);
  }

  /** Spreads the bits of a value; the low bits of the result depend on all of it. */
  static int mix(long value) {
    long mixed = value * FACTOR;
    mixed ^= mixed >>> 32;
    mixed *= FACTOR;
    return (int) (mixed >>> 32);
  }

  /** How long an array to make where one of {@code wanted} elements is needed for now. */
  static int grown(int wanted) {
    return (int) Math.min(MAX_ARRAY_LENGTH, Math.max(MIN_CAPACITY, wanted * 3L / 2));
  }

  /** Collects texts in row order. */
  public static final class Builder {
    private byte[] utf8 = {};
    private int[] ends;
    private int size;

    public Builder(int expectedRows) {
      this.ends = new int[expectedRows];
    }

    /** Adds a text given as UTF-8. */
    public void add(byte[] text) {
      add(text, 0, text.length);
    }

    /**
     * Adds texts given as UTF-8, one after the other.
     *
     * @param lengths how many bytes each has
     */
    void add(byte[] texts, long[] lengths, int count) {
      int start = 0;
      for (int i = 0; i < count; i++) {
        int end = start + (int) lengths[i];
        add(texts, start, end);
        start = end;
      }
    }

    private void add(byte[] from, int start, int end) {
      int newEnd = Math.addExact(bytes(), end - start);
      if (newEnd > utf8.length) {
        utf8 = Arrays.copyOf(utf8, grown(newEnd));
      }
      if (size == ends.length) {
        ends = Arrays.copyOf(ends, grown(size + 1));
      }
      System.arraycopy(from, start, utf8, bytes(), end - start);
      ends[size++] = newEnd;
    }

    /** Adds the text of a row of a column. */
    void add(Utf8Column column, int row) {
      add(column.utf8, column.start(row), column.ends[row]);
    }

    int size() {
      return size;
    }

    /** How long all texts are together. */
    int bytes() {
      return size == 0 ? 0 : ends[size - 1];
    }

    int bytes(int row) {
      return ends[row] - start(row);
    }

    /** As {@link Utf8Column#hash} of the same text. */
    int hash(int row) {
      return Utf8Column.hash(utf8, start(row), ends[row]);
    }

    boolean sameText(int row, byte[] text) {
      return Arrays.equals(utf8, start(row), ends[row], text, 0, text.length);
    }

    private int start(int row) {
      return row == 0 ? 0 : ends[row - 1];
    }

    public Utf8Column build() {
      return new Utf8Column(Arrays.copyOf(utf8, bytes()), Arrays.copyOf(ends, size));
    }
  }
}
