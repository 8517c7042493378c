package io.tarn.index.search;

import io.tarn.index.centroid.Model;
import io.tarn.index.quantize.Rotation;

/**
 * The centroids as codes see them: rotated, relative to a point that is, or is near, the mean of
 * all. Gives for each row what its offset owes to the place of its centroid; see {@link
 * io.tarn.index.quantize.RaBitQCoder}.
 */
final class ListCenters implements CodeBlocks.Centers {
  /** From so many rows on, a table of all sums that a byte of bits can have pays off. */
  private static final int MIN_TABLE_ROWS = 48;

  private static final int BYTE_VALUES = 256;

  private final int dimension;
  private final int codeBytes;
  private final float[] rotated;
  private final float[] mean;

  /**
   * @param mean the point they are relative to: the mean of all, or one near it
   */
  ListCenters(Model model, Rotation rotation, float[] mean) {
    this.dimension = model.dimension();
    this.codeBytes = (dimension + Byte.SIZE - 1) / Byte.SIZE;
    this.mean = mean;
    this.rotated = new float[model.centroids().length];
    float[] center = new float[dimension];
    for (int list = 0; list < model.listCount(); list++) {
      for (int i = 0; i < dimension; i++) {
        center[i] = model.centroids()[list * dimension + i] - mean[i];
      }
      rotation.apply(center);
      System.arraycopy(center, 0, rotated, list * dimension, dimension);
    }
  }

  /** The mean of the centroids. */
  static float[] mean(Model model) {
    double[] sums = new double[model.dimension()];
    for (int i = 0; i < model.centroids().length; i++) {
      sums[i % sums.length] += model.centroids()[i];
    }
    float[] mean = new float[sums.length];
    for (int i = 0; i < mean.length; i++) {
      mean[i] = (float) (sums[i] / model.listCount());
    }
    return mean;
  }

  /** The point they are relative to. */
  float[] mean() {
    return mean;
  }

  /**
   * The difference of a query and the centroid of a list, rotated.
   *
   * @param query rotated, relative to {@link #mean}
   */
  void residual(float[] query, int list, float[] out) {
    int from = list * dimension;
    for (int i = 0; i < dimension; i++) {
      out[i] = query[i] - rotated[from + i];
    }
  }

  @Override
  public CodeBlocks.Products products(int list, int rows) {
    int from = list * dimension;
    if (rows < MIN_TABLE_ROWS) {
      return (bits, at) -> product(bits, at, from);
    }
    float[] table = table(from);
    return (bits, at) -> {
      float sum = 0;
      for (int b = 0; b < codeBytes; b++) {
        sum += table[b * BYTE_VALUES + (bits[at + b] & 0xFF)];
      }
      return sum;
    };
  }

  private float product(byte[] bits, int at, int from) {
    float sum = 0;
    for (int i = 0; i < dimension; i++) {
      sum +=
          (bits[at + i / Byte.SIZE] >> i % Byte.SIZE & 1) == 0
              ? -rotated[from + i]
              : rotated[from + i];
    }
    return sum;
  }

  /** For each byte of a code, and each value it may have, what it adds to the product. */
  private float[] table(int from) {
    float[] table = new float[codeBytes * BYTE_VALUES];
    for (int b = 0; b < codeBytes; b++) {
      int at = b * BYTE_VALUES;
      int first = b * Byte.SIZE;
      int count = Math.min(Byte.SIZE, dimension - first);
      for (int i = 0; i < count; i++) {
        table[at] -= rotated[from + first + i];
      }
      for (int value = 1; value < BYTE_VALUES; value++) {
        int bit = Integer.numberOfTrailingZeros(value);
        table[at + value] =
            table[at + (value & value - 1)] + (bit < count ? 2 * rotated[from + first + bit] : 0);
      }
    }
    return table;
  }
}
