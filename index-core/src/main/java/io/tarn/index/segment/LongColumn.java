package io.tarn.index.segment;

import java.util.Arrays;

/**
 * A number for each row of a segment, in as few bytes as the range of the numbers allows: none
 * where all are the same, four where they lie within 2³², otherwise eight.
 */
public abstract sealed class LongColumn {
  private static final long MAX_OFFSET = 0xFFFF_FFFFL;

  /** The number of a row. */
  public abstract long get(int row);

  /** Bytes of memory the numbers take. */
  public abstract long memoryBytes();

  /** Bytes of memory that {@code rows} numbers from {@code min} to {@code max} take. */
  public static long bytesFor(long min, long max, int rows) {
    if (min == max) {
      return 0;
    }
    return (long) rows * (fitOffsets(min, max) ? Integer.BYTES : Long.BYTES);
  }

  /** As an unsigned number the difference never overflows. */
  private static boolean fitOffsets(long min, long max) {
    return min <= max && Long.compareUnsigned(max - min, MAX_OFFSET) <= 0;
  }

  /** Collects numbers in row order. */
  public static final class Builder {
    private final long min;
    private final long max;
    private final int[] offsets;
    private final long[] values;
    private int size;

    /**
     * @param min no number is smaller
     * @param max no number is larger
     */
    public Builder(long min, long max, int rows) {
      this.min = min;
      this.max = max;
      boolean constant = min == max;
      boolean compact = fitOffsets(min, max);
      this.offsets = new int[compact && !constant ? rows : 0];
      this.values = new long[compact ? 0 : rows];
    }

    /**
     * Adds the next number.
     *
     * @throws IllegalArgumentException if it is out of the range
     */
    public void add(long value) {
      if (value < min || value > max) {
        throw new IllegalArgumentException(value + " is not from " + min + " to " + max);
      }
      if (values.length > 0) {
        values[size++] = value;
      } else if (offsets.length > 0) {
        offsets[size++] = (int) (value - min);
      }
    }

    /** Adds the first {@code count} numbers of an array, as {@link #add(long)} does. */
    public void add(long[] numbers, int count) {
      for (int i = 0; i < count; i++) {
        add(numbers[i]);
      }
    }

    public LongColumn build() {
      if (values.length > 0) {
        return new Longs(values);
      }
      return offsets.length > 0 ? new Offsets(min, offsets) : new Constant(min);
    }
  }

  /** The numbers of an array, in as many bytes as they take. */
  public static LongColumn of(long... values) {
    long min = Arrays.stream(values).min().orElse(0);
    long max = Arrays.stream(values).max().orElse(0);
    Builder builder = new Builder(min, max, values.length);
    for (long value : values) {
      builder.add(value);
    }
    return builder.build();
  }

  private static final class Constant extends LongColumn {
    private final long value;

    Constant(long value) {
      this.value = value;
    }

    @Override
    public long get(int row) {
      return value;
    }

    @Override
    public long memoryBytes() {
      return 0;
    }
  }

  private static final class Offsets extends LongColumn {
    private final long base;
    private final int[] offsets;

    Offsets(long base, int[] offsets) {
      this.base = base;
      this.offsets = offsets;
    }

    @Override
    public long get(int row) {
      return base + (offsets[row] & MAX_OFFSET);
    }

    @Override
    public long memoryBytes() {
      return (long) Integer.BYTES * offsets.length;
    }
  }

  private static final class Longs extends LongColumn {
    private final long[] values;

    Longs(long[] values) {
      this.values = values;
    }

    @Override
    public long get(int row) {
      return values[row];
    }

    @Override
    public long memoryBytes() {
      return (long) Long.BYTES * values.length;
    }
  }
}
