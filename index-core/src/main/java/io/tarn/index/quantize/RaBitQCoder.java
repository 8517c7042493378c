package io.tarn.index.quantize;

import io.tarn.index.feature.Metric;
import io.tarn.index.kernel.CodeKernels;
import io.tarn.index.kernel.Kernels;
import java.util.function.Supplier;

/**
 * Codes a vector with one bit a dimension, and estimates distances from the bits without bias and
 * with a bound on the error: RaBitQ (Gao and Long, SIGMOD 2024, sections 3.1 to 3.3). With more
 * bits, a second code beside the first does the same with a smaller error: extended RaBitQ (Gao et
 * al., "Practical and Asymptotically Optimal Quantization of High-Dimensional Vectors in Euclidean
 * Space for Approximate Nearest Neighbor Search", SIGMOD 2025).
 *
 * <p><b>Derivation.</b> Let c be the centroid of a row's list, P the {@link Rotation}, r = P(x - c)
 * and q' = P(q - c). Of r only the signs s are kept. Let f = |r|² / |r|₁. Then
 *
 * <pre>  ⟨r, q'⟩ ≈ f · ⟨s, q'⟩  </pre>
 *
 * because s has a part along r, of length ⟨s, r⟩ / |r| = |r|₁ / |r|, and a part across r, whose
 * product with q' is zero in expectation over rotations. With α = |r|₁ / (|r| √d), the cosine of
 * the angle between r and s, the part across contributes an error with standard deviation at most
 *
 * <pre>  |r| · |q'| · √((1 - α²) / α²) / √(d - 1)  </pre>
 *
 * and with tails like a Gaussian's (theorem 3.2). Distances follow from
 *
 * <pre>
 *   l2:            |x - q|² = |q - c|² + |r|² - 2⟨r, q'⟩
 *   inner product: -⟨x, q⟩  = -⟨c, q⟩ - ⟨x - c, c⟩ - ⟨r, q'⟩
 *   cosine:        1 - ⟨x, q⟩, as inner product, all vectors at unit length
 * </pre>
 *
 * The first term is the list's, the second the row's {@link RowCode#offset}; {@link RowCode#scale}
 * is f, doubled under l2, and {@link RowCode#error} the standard deviation for |q'| = 1, doubled
 * likewise.
 *
 * <p><b>One table a query.</b> ⟨s, q'⟩ = ⟨s, P(q - m)⟩ - ⟨s, P(c - m)⟩ for any m, here the mean of
 * the centroids. The second product does not depend on the query: a reader computes it once a row,
 * and adds scale · ⟨s, P(c - m)⟩ to the offset. So the lookup tables are built from P(q - m) once a
 * query, not once a list, and hold small values because of m.
 *
 * <p><b>More bits.</b> Nothing above needs s to consist of signs: for any vector u that depends on
 * r alone, f = |r|² / ⟨u, r⟩ makes f · ⟨u, q'⟩ an estimate of ⟨r, q'⟩ without bias, because what of
 * u lies across r points anywhere, and with α = ⟨u, r⟩ / (|u| |r|) the standard deviation is the
 * one above, √(f² |u|² - |r|²) / √(d - 1) for |q'| = 1. The nearer u is to the direction of r, the
 * smaller it is. With b bits a value, u is taken from the grid of all vectors whose values are odd
 * multiples of ½ from -(2^b - 1) / 2 to (2^b - 1) / 2, any of which may be scaled; b = 1 gives the
 * signs. How {@link GridCode} finds a good one is said there.
 *
 * <p>Where vectors are like those of a Gaussian, the error is 0.76 |r| |q'| / √d with one bit, 0.37
 * with two, 0.11 with four, 0.01 with eight. The search scans the signs, which take d / 8 bytes a
 * row and a shuffle for eight dimensions, and looks at the full code of those rows only that their
 * signs do not rule out; at the vectors only of those that the full code does not rule out either.
 * The full code repeats the signs, so that the second look reads one run of bytes.
 *
 * <p>Not thread-safe.
 */
public final class RaBitQCoder implements RowCoder {
  private final Metric metric;
  private final int dimension;
  private final Rotation rotation;
  private final float[] residual;
  private final GridCode grid;
  private final Supplier<CodeKernels> kernels;

  /** Codes of one bit, by kernels that need not be waited for. */
  public RaBitQCoder(Metric metric, int dimension) {
    this(metric, dimension, 1, Kernels::readyCodes);
  }

  /**
   * Codes of one bit, and if there are to be more bits, a second code with all of them, by the best
   * kernels there are: for many vectors.
   *
   * @param bits 1, 2, 4 or 8
   */
  public RaBitQCoder(Metric metric, int dimension, int bits) {
    this(metric, dimension, bits, Kernels::codes);
  }

  private RaBitQCoder(Metric metric, int dimension, int bits, Supplier<CodeKernels> kernels) {
    this.kernels = kernels;
    this.metric = metric;
    this.dimension = dimension;
    this.rotation = new Rotation(dimension);
    this.residual = new float[dimension];
    this.grid = bits == 1 ? null : new GridCode(dimension, bits);
  }

  @Override
  public void encode(
      float[] rows, int rowOffset, float[] centroids, int centroidOffset, RowCode out) {
    for (int i = 0; i < dimension; i++) {
      residual[i] = rows[rowOffset + i] - centroids[centroidOffset + i];
    }
    double alongCentroid = metric == Metric.L2 ? 0 : alongCentroid(centroids, centroidOffset);
    rotation.apply(residual, kernels.get());
    // Two sums each, so that additions do not wait for each other.
    double evenSquares = 0;
    double oddSquares = 0;
    double evenAbsolutes = 0;
    double oddAbsolutes = 0;
    int i = 0;
    for (; i + Byte.SIZE <= dimension; i += Byte.SIZE) {
      int bits = 0;
      for (int j = 0; j < Byte.SIZE; j += 2) {
        float even = residual[i + j];
        float odd = residual[i + j + 1];
        evenSquares += (double) even * even;
        oddSquares += (double) odd * odd;
        evenAbsolutes += Math.abs(even);
        oddAbsolutes += Math.abs(odd);
        bits |= sign(even) << j | sign(odd) << j + 1;
      }
      out.bits[i / Byte.SIZE] = (byte) bits;
    }
    int rest = 0;
    for (int j = 0; i + j < dimension; j++) {
      float value = residual[i + j];
      evenSquares += (double) value * value;
      evenAbsolutes += Math.abs(value);
      rest |= sign(value) << j;
    }
    if (i < dimension) {
      out.bits[i / Byte.SIZE] = (byte) rest;
    }
    double squaredNorm = evenSquares + oddSquares;
    double absoluteSum = evenAbsolutes + oddAbsolutes;
    setFactors(squaredNorm, absoluteSum, alongCentroid, out);
    if (grid != null) {
      setFullCode(squaredNorm, out);
    }
  }

  private double alongCentroid(float[] centroids, int offset) {
    double sum = 0;
    for (int i = 0; i < dimension; i++) {
      sum += (double) residual[i] * centroids[offset + i];
    }
    return sum;
  }

  /** 1 for a value that is not negative, without a branch: half of all guesses would be wrong. */
  private static int sign(float value) {
    // A negative zero becomes a positive one.
    return Float.floatToRawIntBits(value + 0f) >>> Integer.SIZE - 1 ^ 1;
  }

  private void setFullCode(double squaredNorm, RowCode out) {
    grid.approach(residual, out.full);
    double scale = grid.product() == 0 ? 0 : squaredNorm / grid.product();
    double across = Math.max(0, scale * scale * grid.squaredNorm() - squaredNorm);
    out.fullScale = (float) (weight() * scale);
    out.fullError = (float) (weight() * Math.sqrt(across / Math.max(1, dimension - 1)));
  }

  private double weight() {
    return metric == Metric.L2 ? 2 : 1;
  }

  private void setFactors(
      double squaredNorm, double absoluteSum, double alongCentroid, RowCode out) {
    double scale = absoluteSum == 0 ? 0 : squaredNorm / absoluteSum;
    // |r|²/α² = f²d; what of it is not along r is across.
    double across = Math.max(0, scale * scale * dimension - squaredNorm);
    out.offset = (float) (metric == Metric.L2 ? squaredNorm : -alongCentroid);
    out.scale = (float) (weight() * scale);
    out.error = (float) (weight() * Math.sqrt(across / Math.max(1, dimension - 1)));
  }
}
