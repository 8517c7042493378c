package io.tarn.index.quantize;

import io.tarn.index.kernel.CodeKernels;
import io.tarn.index.kernel.Kernels;

/**
 * The rotation that makes every direction look alike to a quantizer of signs: random flips of signs
 * and Walsh-Hadamard transforms, in turn. It is part of the format: for each dimension there is one
 * rotation, and it never changes.
 *
 * <p>The transform works on a power of two. For other dimensions it is applied to the first and to
 * the last such window in turn, so that no dimension has to be padded; the windows overlap, and
 * {@value #ROUNDS} rounds mix all of it. Orthonormal, so distances and inner products stay.
 *
 * <p>After Ailon and Chazelle, "The fast Johnson-Lindenstrauss transform" (SIAM J. Comput. 2009),
 * and the rotations by random signs and Hadamard matrices of Andoni et al., "Practical and optimal
 * LSH for angular distance" (NIPS 2015).
 */
public final class Rotation {
  private static final int ROUNDS = 4;

  /** Any constant: it decides which of many equally good rotations is the one. */
  private static final long SEED = 0x7461726e00000001L;

  private final int dimension;
  private final int window;

  /** For each round the sign of each value of the window, times the norm of the transform. */
  private final float[][] flips;

  public Rotation(int dimension) {
    this.dimension = dimension;
    this.window = Integer.highestOneBit(dimension);
    this.flips = new float[ROUNDS][window];
    float norm = (float) (1 / Math.sqrt(window));
    long state = SEED;
    for (float[] round : flips) {
      for (int i = 0; i < window; i++) {
        state += 0x9e3779b97f4a7c15L;
        round[i] = mix(state) < 0 ? -norm : norm;
      }
    }
  }

  /** The finalizer of SplitMix64 (Steele, Lea, Flood, OOPSLA 2014). */
  private static long mix(long z) {
    z = (z ^ z >>> 30) * 0xbf58476d1ce4e5b9L;
    z = (z ^ z >>> 27) * 0x94d049bb133111ebL;
    return z ^ z >>> 31;
  }

  /** How many values are rotated. */
  public int dimension() {
    return dimension;
  }

  /** Rotates, in place, the first {@link #dimension} values of {@code x}. */
  public void apply(float[] x) {
    // The transform is the same to the bit whoever computes it.
    apply(x, Kernels.readyCodes());
  }

  /** Rotates with kernels that are worth waiting for: for who rotates many vectors. */
  void apply(float[] x, CodeKernels kernels) {
    for (int round = 0; round < ROUNDS; round++) {
      int start = round % 2 == 0 ? 0 : dimension - window;
      float[] flip = flips[round];
      for (int i = 0; i < window; i++) {
        x[start + i] *= flip[i];
      }
      kernels.hadamard(x, start, window);
    }
  }
}
