package io.tarn.benchmark;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Arrays;
import java.util.zip.CRC32C;

/**
 * Vectors in one piece.
 *
 * @param dimension floats of a vector
 * @param values row-major
 */
public record Vectors(int dimension, float[] values) {
  private static final int CHECKSUM_CHUNK_FLOATS = 1 << 16;

  /** How many vectors there are. */
  public int count() {
    return values.length / dimension;
  }

  /** A copy of one vector. */
  public float[] row(int row) {
    return Arrays.copyOfRange(values, row * dimension, (row + 1) * dimension);
  }

  /** The first vectors, or all where there are no more. */
  public Vectors first(int count) {
    return count >= count()
        ? this
        : new Vectors(dimension, Arrays.copyOf(values, count * dimension));
  }

  /** At most so many vectors, as far from each other as that allows; or all. */
  public Vectors spread(long most) {
    if (most >= count()) {
      return this;
    }
    float[] some = new float[(int) most * dimension];
    for (int i = 0; i < most; i++) {
      int row = (int) (i * (long) count() / most);
      System.arraycopy(values, row * dimension, some, i * dimension, dimension);
    }
    return new Vectors(dimension, some);
  }

  /** A checksum of the values, in hex, by which what was made of them is found again. */
  String checksum() {
    CRC32C crc = new CRC32C();
    ByteBuffer chunk =
        ByteBuffer.allocate(CHECKSUM_CHUNK_FLOATS * Float.BYTES).order(ByteOrder.LITTLE_ENDIAN);
    for (int done = 0; done < values.length; done += CHECKSUM_CHUNK_FLOATS) {
      int count = Math.min(CHECKSUM_CHUNK_FLOATS, values.length - done);
      chunk.clear().asFloatBuffer().put(values, done, count);
      crc.update(chunk.limit(count * Float.BYTES));
    }
    return String.format("%08x", crc.getValue());
  }
}
