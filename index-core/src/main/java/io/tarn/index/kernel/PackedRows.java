package io.tarn.index.kernel;

import java.util.Arrays;

/**
 * Rows laid out for {@link VectorKernels#nearest}: side by side in panels, value i of a panel's
 * rows next to each other, so that one vector instruction works on as many rows as it has lanes and
 * nothing is ever summed across lanes. Each row has a penalty, which its product is taken from.
 *
 * <p>Rows are added one by one; after {@link #clear} the memory is used again. Not thread-safe
 * while rows are added.
 */
public final class PackedRows {
  private final int width;
  private final int dimension;
  private float[] values;
  private float[] penalties;
  private int count;

  /**
   * Room for rows.
   *
   * @param width rows of a panel, as {@link VectorKernels#panelWidth} says
   * @param dimension floats of a row
   * @param capacity the most rows to be added
   */
  public PackedRows(int width, int dimension, int capacity) {
    this.width = width;
    this.dimension = dimension;
    int panels = (capacity + width - 1) / width;
    values = new float[Math.multiplyExact(panels * width, dimension)];
    penalties = new float[panels * width];
  }

  /** Adds the row that begins at {@code offset}. */
  public void add(float[] rows, int offset, float penalty) {
    int lane = count % width;
    int panel = count - lane;
    if (lane == 0) {
      // Lanes without a row are never the nearest.
      Arrays.fill(penalties, panel, panel + width, Float.POSITIVE_INFINITY);
    }
    penalties[count] = penalty;
    int at = panel * dimension + lane;
    for (int i = 0; i < dimension; i++) {
      values[at + i * width] = rows[offset + i];
    }
    count++;
  }

  /** Forgets all rows. */
  public void clear() {
    count = 0;
  }

  /** How many rows were added. */
  public int count() {
    return count;
  }

  public int dimension() {
    return dimension;
  }

  /** How many panels the rows fill, the last one perhaps in part. */
  public int panels() {
    return (count + width - 1) / width;
  }

  /**
   * The panels one after the other; value i of row j of panel p is at {@code (p * dimension + i) *
   * width + j}. Not a copy.
   */
  public float[] values() {
    return values;
  }

  /** The penalty of every row, positive infinity where a panel has none. Not a copy. */
  public float[] penalties() {
    return penalties;
  }
}
