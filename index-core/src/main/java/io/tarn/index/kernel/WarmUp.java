package io.tarn.index.kernel;

import java.util.concurrent.TimeUnit;

/**
 * Calls the chosen kernels until they are compiled. Before, a vector instruction costs as much as a
 * hundred plain ones: a search would wait half a second for it.
 */
final class WarmUp {
  private static final int BATCH_CALLS = 50;

  /** So many times in a row the chosen ones must have been the faster. */
  private static final int ROUNDS_AHEAD = 3;

  /** Where they never get ahead, something else is wrong, which plain kernels would only hide. */
  private static final long MAX_NANOS = TimeUnit.SECONDS.toNanos(20);

  private static final int DIMENSION = 256;

  private static final int[] FOUR = {0, 1, 2, 3};

  private final VectorKernels vectors;
  private final CodeKernels codes;
  private final CodeKernels plain;
  private final int pairs = CodeKernels.pairs(DIMENSION);
  private final byte[] block = new byte[pairs * CodeKernels.PAIR_BYTES + CodeKernels.FACTOR_BYTES];
  private final byte[] tables = new byte[2 * pairs * CodeKernels.TABLE_BYTES];
  private final float[] parameters = new float[CodeKernels.BLOCK_PARAMETERS];
  private final float[] estimates = new float[CodeKernels.BLOCK_ROWS];
  private final float[] lowers = new float[CodeKernels.BLOCK_ROWS];
  private final float[] vector = new float[DIMENSION];
  private final float[] fourRows = new float[FOUR.length * DIMENSION];
  private final int[] places = new int[DIMENSION];
  private final byte[] fourByteRows = new byte[FOUR.length * DIMENSION + CodeKernels.ROW_PADDING];

  /** Keeps calls from being optimised away. */
  volatile float result;

  WarmUp(VectorKernels vectors, CodeKernels codes, CodeKernels plain) {
    this.vectors = vectors;
    this.codes = codes;
    this.plain = plain;
  }

  void run() {
    long startNanos = System.nanoTime();
    int ahead = 0;
    while (ahead < ROUNDS_AHEAD && System.nanoTime() - startNanos < MAX_NANOS) {
      callOthers();
      long plainNanos = scan(plain);
      ahead = scan(codes) < plainNanos ? ahead + 1 : 0;
    }
  }

  private long scan(CodeKernels kernels) {
    long startNanos = System.nanoTime();
    long found = 0;
    for (int i = 0; i < BATCH_CALLS; i++) {
      found +=
          kernels.scanBlock(
              block, 0, pairs, tables, parameters, 0, 0, 1, i, 1, 1, estimates, lowers, 0);
    }
    result = found;
    return System.nanoTime() - startNanos;
  }

  private void callOthers() {
    float sum = 0;
    for (int i = 0; i < BATCH_CALLS; i++) {
      codes.hadamard(vector, 0, DIMENSION);
      sum += vectors.squaredL2(vector, 0, vector, 0, DIMENSION);
      sum += vectors.dot(vector, 0, vector, 0, DIMENSION);
      vectors.squaredL2(vector, fourRows, 0, FOUR, 0, FOUR.length, DIMENSION, estimates);
      vectors.dot(vector, fourRows, 0, FOUR, 0, FOUR.length, DIMENSION, estimates);
      codes.squaredL2(vector, fourByteRows, 0, FOUR, 0, FOUR.length, DIMENSION, estimates);
      codes.dot(vector, fourByteRows, 0, FOUR, 0, FOUR.length, DIMENSION, estimates);
      sum += estimates[0];
      sum += codes.squaredL2(vector, fourByteRows, 0, DIMENSION);
      sum += codes.dot(vector, fourByteRows, 0, DIMENSION);
      sum += vectors.countBelow(vector, DIMENSION, i);
      sum += vectors.placesBelow(vector, DIMENSION, 0, places);
    }
    result = sum;
  }
}
