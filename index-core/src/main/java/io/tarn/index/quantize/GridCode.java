package io.tarn.index.quantize;

import io.tarn.index.kernel.CodeKernels;

/**
 * Finds, for a vector, a point of a grid that lies in nearly the same direction: all values odd
 * multiples of ½, 2^bits of them, symmetric around zero. See {@link RaBitQCoder}.
 *
 * <p>The best point is the rounding of the vector at some scale, and there are as many scales to
 * try as there are places where a value passes from one multiple to the next (Gao et al. go through
 * them all, with a heap). The angle hardly changes from one to the next, so a few scales are tried
 * here, from that at which the largest value just fits to one at which many are cut off. At 784
 * dimensions that takes a quarter off the error of the first with two bits, an eighth with four,
 * nothing with eight; of 100 scales the best is less than a hundredth better. Signs never change,
 * as a point with another sign is farther.
 *
 * <p>Not thread-safe.
 */
final class GridCode {
  private final int bits;
  private final int levels;

  /** The magnitudes of the values, such that the largest just fits. */
  private final float[] scaled;

  private final float[] fits;
  private double product;
  private double squaredNorm;

  GridCode(int dimension, int bits) {
    this.bits = bits;
    this.levels = 1 << bits - 1;
    this.scaled = new float[dimension];
    this.fits = fits(bits);
  }

  /**
   * What part of the largest value fits the grid, at each of the scales to be tried. The best for
   * Gaussians fit 2.0 standard deviations with two bits, 2.7 with four, 3.9 with eight (Max,
   * "Quantizing for minimum distortion", IRE Trans. Inf. Theory 1960); the largest of some hundred
   * or thousand values is three to four.
   */
  private static float[] fits(int bits) {
    return switch (bits) {
      case 2 -> new float[] {0.4f, 0.5f, 0.6f, 0.7f, 0.8f, 0.9f, 1};
      case 4 -> new float[] {0.64f, 0.73f, 0.82f, 0.91f, 1};
      default -> new float[] {1};
    };
  }

  /**
   * Finds a point.
   *
   * @param vector as many values as the dimension
   * @param out receives the number of each value's multiple, the most negative being 0, as {@link
   *     CodeKernels#putValue} stores them
   */
  void approach(float[] vector, byte[] out) {
    float largest = 0;
    for (float value : vector) {
      largest = Math.max(largest, Math.abs(value));
    }
    float scale = largest == 0 ? 0 : levels / largest;
    for (int i = 0; i < scaled.length; i++) {
      scaled[i] = Math.abs(vector[i]) * scale;
    }
    store(vector, fits.length == 1 ? 1 : bestStretch(), out);
  }

  private float bestStretch() {
    float best = 1;
    float bestQuality = -1;
    for (float fit : fits) {
      float quality = quality(1 / fit);
      if (quality > bestQuality) {
        bestQuality = quality;
        best = 1 / fit;
      }
    }
    return best;
  }

  /** The square of the cosine of the angle to a point, times what is the same for all points. */
  private float quality(float stretch) {
    float sum = 0;
    float squares = 0;
    int top = levels - 1;
    for (float magnitude : scaled) {
      float value = Math.min(top, (int) (magnitude * stretch)) + 0.5f;
      sum += value * magnitude;
      squares += value * value;
    }
    return sum * sum / squares;
  }

  private void store(float[] vector, float stretch, byte[] out) {
    product = 0;
    squaredNorm = 0;
    for (int i = 0; i < scaled.length; i++) {
      int level = Math.min(levels - 1, (int) (scaled[i] * stretch));
      double value = level + 0.5;
      product += value * Math.abs(vector[i]);
      squaredNorm += value * value;
      CodeKernels.putValue(out, i, bits, vector[i] >= 0 ? levels + level : levels - 1 - level);
    }
  }

  /** The inner product of the vector and the point found last. */
  double product() {
    return product;
  }

  /** The squared length of the point found last. */
  double squaredNorm() {
    return squaredNorm;
  }
}
