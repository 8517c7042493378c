package io.tarn.index.kernel;

/** The kernels over codes in plain Java: the reference. */
final class ScalarCodeKernels implements CodeKernels {
  private final VectorKernels vectors = new ScalarKernels();

  @Override
  public void hadamard(float[] x, int offset, int size) {
    for (int stride = 1; stride < size; stride *= 2) {
      for (int start = offset; start < offset + size; start += 2 * stride) {
        for (int i = start; i < start + stride; i++) {
          float a = x[i];
          float b = x[i + stride];
          x[i] = a + b;
          x[i + stride] = a - b;
        }
      }
    }
  }

  @Override
  public long scanBlock(
      byte[] block,
      int at,
      int pairs,
      byte[] tables,
      float[] parameters,
      int parameterAt,
      float base,
      float step,
      float bias,
      float spread,
      float limit,
      float[] estimates,
      float[] lowers,
      int out) {
    long mask = 0;
    int factorsAt = at + pairs * PAIR_BYTES;
    for (int row = 0; row < BLOCK_ROWS; row++) {
      int sum = sum(block, at + CodeKernels.slot(row), pairs, tables);
      int factors = factorsAt + ROW_FACTOR_BYTES * row;
      int error = block[factors] & 0xFF;
      int scale = block[factors + 1] & 0xFF;
      int stored = block[factors + 2] & 0xFF | block[factors + 3] << 8;
      float offset = parameters[parameterAt] + parameters[parameterAt + 1] * stored;
      float estimate =
          base
              + offset
              - (parameters[parameterAt + 2] + parameters[parameterAt + 3] * scale)
                  * (step * sum + bias);
      float lower = estimate - parameters[parameterAt + 4] * spread * error;
      estimates[out + row] = estimate;
      lowers[out + row] = lower;
      if (lower < limit) {
        mask |= 1L << row;
      }
    }
    return mask;
  }

  private static int sum(byte[] block, int at, int pairs, byte[] tables) {
    int sum = 0;
    for (int p = 0; p < pairs; p++) {
      int code = block[at + p * PAIR_BYTES] & 0xFF;
      int table = 2 * p * TABLE_BYTES;
      sum += tables[table + (code & 15)] + tables[table + TABLE_BYTES + (code >> 4)];
    }
    return sum;
  }

  @Override
  public float weightedSum(float[] weights, byte[] rows, int rowOffset, int dimension, int bits) {
    float sum0 = 0;
    float sum1 = 0;
    int mask = (1 << bits) - 1;
    int chunkValues = CHUNK_BYTES * Byte.SIZE / bits;
    for (int first = 0, chunk = rowOffset; first < dimension; first += chunkValues) {
      for (int shift = 0, i = first; shift < Byte.SIZE; shift += bits, i += CHUNK_BYTES) {
        for (int j = 0; j < CHUNK_BYTES; j += 2) {
          int value0 = rows[chunk + j] >> shift;
          int value1 = rows[chunk + j + 1] >> shift;
          sum0 += weights[i + j] * (bits == Byte.SIZE ? value0 : value0 & mask);
          sum1 += weights[i + j + 1] * (bits == Byte.SIZE ? value1 : value1 & mask);
        }
      }
      chunk += CHUNK_BYTES;
    }
    return sum0 + sum1;
  }

  @Override
  public float squaredL2(float[] query, byte[] rows, int rowOffset, int dimension) {
    return vectors.squaredL2(query, 0, floats(rows, rowOffset, dimension), 0, dimension);
  }

  @Override
  public float dot(float[] query, byte[] rows, int rowOffset, int dimension) {
    return vectors.dot(query, 0, floats(rows, rowOffset, dimension), 0, dimension);
  }

  private static float[] floats(byte[] rows, int rowOffset, int dimension) {
    float[] row = new float[dimension];
    for (int i = 0; i < dimension; i++) {
      row[i] = rows[rowOffset + i] + 128;
    }
    return row;
  }
}
