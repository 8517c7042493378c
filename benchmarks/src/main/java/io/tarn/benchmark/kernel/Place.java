package io.tarn.benchmark.kernel;

import java.util.SplittableRandom;

/** Where the rows lie that a benchmark reads over and over. */
public enum Place {
  /** In the second-level cache of a core. */
  CACHE(256 << 10),
  /** Out of every cache. */
  MEMORY(512 << 20);

  /** How much is read before anything is read again. */
  final int bytes;

  Place(int bytes) {
    this.bytes = bytes;
  }

  /** Rows of random values, row-major. */
  float[] rows(int dimension) {
    return randomFloats(bytes / Float.BYTES / dimension * dimension);
  }

  static float[] randomFloats(int count) {
    SplittableRandom random = new SplittableRandom(count);
    float[] values = new float[count];
    for (int i = 0; i < count; i++) {
      values[i] = (float) random.nextDouble();
    }
    return values;
  }
}
