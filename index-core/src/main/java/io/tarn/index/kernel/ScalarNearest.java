package io.tarn.index.kernel;

import java.util.Arrays;

/** The reference for {@link VectorKernels#nearest} in plain Java, one row at a time. */
final class ScalarNearest {
  /** Long enough for the compiler to make vector instructions of the inner loop by itself. */
  static final int PANEL_WIDTH = 64;

  private ScalarNearest() {}

  static void nearest(
      float[] rows,
      int rowOffset,
      int rowCount,
      PackedRows packed,
      int[] nearest,
      float[] scores,
      int outOffset) {
    float[] products = new float[PANEL_WIDTH];
    for (int r = 0; r < rowCount; r++) {
      int best = -1;
      float bestScore = Float.POSITIVE_INFINITY;
      for (int panel = 0; panel < packed.panels(); panel++) {
        multiply(rows, rowOffset + r * packed.dimension(), packed, panel, products);
        for (int j = 0; j < PANEL_WIDTH; j++) {
          int row = panel * PANEL_WIDTH + j;
          float score = packed.penalties()[row] - products[j];
          if (score < bestScore) {
            bestScore = score;
            best = row;
          }
        }
      }
      nearest[outOffset + r] = best;
      scores[outOffset + r] = bestScore;
    }
  }

  private static void multiply(
      float[] rows, int offset, PackedRows packed, int panel, float[] products) {
    float[] values = packed.values();
    int at = panel * packed.dimension() * PANEL_WIDTH;
    Arrays.fill(products, 0);
    for (int i = 0; i < packed.dimension(); i++) {
      float x = rows[offset + i];
      for (int j = 0; j < PANEL_WIDTH; j++) {
        products[j] += x * values[at + j];
      }
      at += PANEL_WIDTH;
    }
  }
}
