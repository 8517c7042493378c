package io.tarn.index.quantize;

import io.tarn.index.kernel.CodeKernels;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.nio.ByteOrder;
import java.util.Arrays;

/**
 * A query made ready for scanning codes: rotated once, with a lookup table for each four
 * dimensions. See {@link RaBitQCoder}. Reused from query to query; not thread-safe.
 */
public final class QueryTables {
  /** Sums beyond this, times a row's scale or squared, would overflow. */
  private static final float MAX_TOTAL = 1e18f;

  /** Sums below this, but zero, are of values that have lost digits, or lose them here. */
  private static final float MIN_TOTAL = 1e-30f;

  /** Dimensions that share a table. */
  private static final int GROUP = 4;

  private static final long EVERY_BYTE = 0x0101010101010101L;

  /** The bytes 0 to 7 of a long whose number has bit 0, 1 and 2 set. */
  private static final long BIT_0 = 0xFF00FF00FF00FF00L;

  private static final long BIT_1 = 0xFFFF0000FFFF0000L;
  private static final long BIT_2 = 0xFFFFFFFF00000000L;

  private static final VarHandle LONGS =
      MethodHandles.byteArrayViewVarHandle(long[].class, ByteOrder.LITTLE_ENDIAN);

  private final Rotation rotation;
  private final float[] center;
  private final int groups;
  private final float[] rotated;
  private final int[] weights;
  private final byte[] tables;
  private float total;
  private float step;
  private float bias;

  /**
   * @param center the mean of the centroids
   */
  public QueryTables(Rotation rotation, float[] center) {
    this.rotation = rotation;
    this.center = center;
    this.groups = 2 * CodeKernels.pairs(rotation.dimension());
    this.rotated = new float[GROUP * groups];
    this.weights = new int[GROUP * groups];
    this.tables = new byte[CodeKernels.TABLE_BYTES * groups];
  }

  /** Makes ready for {@code query}. */
  public void prepare(float[] query) {
    for (int i = 0; i < query.length; i++) {
      rotated[i] = query[i] - center[i];
    }
    Arrays.fill(rotated, query.length, rotated.length, 0);
    rotation.apply(rotated);
    total = 0;
    float largest = 0;
    for (int i = 0; i < rotated.length; i += GROUP) {
      float group =
          Math.abs(rotated[i])
              + Math.abs(rotated[i + 1])
              + (Math.abs(rotated[i + 2]) + Math.abs(rotated[i + 3]));
      total += group;
      largest = Math.max(largest, group);
    }
    // Entries span twice a group's sum; four roundings may add 2 to an entry.
    step =
        Math.max(
            2 * largest / (CodeKernels.MAX_ENTRY - GROUP / 2),
            2 * total / Math.max(1, roomForValues()));
    float factor = step > 0 ? 2 / step : 0;
    int sum = 0;
    for (int i = 0; i < rotated.length; i++) {
      weights[i] = (int) (Math.abs(rotated[i]) * factor + 0.5f);
      sum += weights[i];
    }
    // Of the weights, not of the values: so a value is off by its rounding whatever its sign.
    bias = -0.5f * step * sum;
    for (int g = 0; g < groups; g++) {
      buildTable(g);
    }
  }

  /**
   * The table of a group, eight entries at a time in the bytes of a long: an entry is the sum of
   * the weights of those values whose sign is that of their bit. That is half the signed sum of the
   * values, counted from the smallest such sum.
   */
  private void buildTable(int group) {
    int i = GROUP * group;
    long common =
        entries(weights[i], rotated[i], BIT_0)
            + entries(weights[i + 1], rotated[i + 1], BIT_1)
            + entries(weights[i + 2], rotated[i + 2], BIT_2);
    long last = weights[i + 3] * EVERY_BYTE;
    boolean positive = rotated[i + 3] >= 0;
    long first = positive ? common : common + last;
    long second = positive ? common + last : common;
    int start = CodeKernels.TABLE_BYTES * group;
    for (int at = start; at < start + CodeKernels.TABLE_BYTES; at += CodeKernels.TABLE_ENTRIES) {
      LONGS.set(tables, at, first);
      LONGS.set(tables, at + Long.BYTES, second);
    }
  }

  private static long entries(int weight, float value, long bitSet) {
    return weight * EVERY_BYTE & (value >= 0 ? bitSet : ~bitSet);
  }

  /** How large a sum of entries may be before the roundings of its values are added. */
  private int roomForValues() {
    return CodeKernels.MAX_SUM - GROUP / 2 * groups;
  }

  /**
   * Whether anything may be estimated: not if values overflow or underflow, nor if there are so
   * many of them that their roundings alone fill the sum.
   */
  public boolean isUsable() {
    return total < MAX_TOTAL && (total == 0 || total > MIN_TOTAL) && roomForValues() > 0;
  }

  /**
   * The standard error of {@code step · sum + bias}, or more: each value is rounded by a quarter of
   * a step at most, and the signs of a code add the roundings up like a random walk.
   */
  public float rounding() {
    return 0.25f * step * (float) Math.sqrt(rotation.dimension());
  }

  /** The rotated query, relative to the mean of the centroids; zeros behind it. Not a copy. */
  public float[] rotated() {
    return rotated;
  }

  /** The entries, 16 for each group of four dimensions, each group's four times. */
  public byte[] tables() {
    return tables;
  }

  /** What one unit of the sum of entries is worth: ⟨s, P(q - m)⟩ = step · sum + bias. */
  public float step() {
    return step;
  }

  /** See {@link #step}. */
  public float bias() {
    return bias;
  }
}
