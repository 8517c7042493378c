package io.tarn.index.kernel;

/**
 * The loops over codes and over bytes. Codes come in blocks of {@link #BLOCK_ROWS} rows laid out
 * for table lookups with byte shuffles ("fast scan": André, Kermarrec, Le Scouarnec, VLDB 2015):
 *
 * <pre>
 * pairs × 64 bytes   codes: byte s of pair p holds, of the row in slot s, the 4 bits of group 2p in
 *                    its lower half and those of group 2p + 1 in its upper half
 * 64 × 4 bytes       factors of each row: error and scale, unsigned, a byte each, and offset,
 *                    little-endian, signed
 * </pre>
 *
 * A group is four consecutive dimensions, the first in the lowest bit. Row r lies in slot {@link
 * #slot}: four slots that follow each other are of the four quarters of the block's rows, so that
 * sums, when they are widened from bytes to ints by shifting, come out in the order of rows.
 *
 * <p>Implementations agree to the bit in everything that is integer arithmetic, and up to rounding
 * in the rest.
 */
public interface CodeKernels {
  /** Rows of a block. */
  int BLOCK_ROWS = 64;

  /** Bytes that two groups of a block take. */
  int PAIR_BYTES = 64;

  /** Dimensions of two groups. */
  int PAIR_DIMENSIONS = 8;

  /** Parts of a block whose rows take turns in its slots. */
  int QUARTERS = 4;

  /** Bytes of a row's factors. */
  int ROW_FACTOR_BYTES = 4;

  /** Bytes of a block behind its codes. */
  int FACTOR_BYTES = BLOCK_ROWS * ROW_FACTOR_BYTES;

  /** Entries of the table of a group. */
  int TABLE_ENTRIES = 16;

  /**
   * Bytes of a table: its entries, again and again, up to the widest vector. An index into a vector
   * is taken modulo its length, so what stands above an index of four bits need not be cleared.
   */
  int TABLE_BYTES = 64;

  /** The largest value in a table: four of them add up within a byte. */
  int MAX_ENTRY = 63;

  /** The largest sum of table entries: it fits a signed short. */
  int MAX_SUM = Short.MAX_VALUE;

  /** How many bytes an array of byte rows has beyond its last row, for loads of short vectors. */
  int ROW_PADDING = 8;

  /**
   * Bytes of a chunk of packed values of 2 or 4 bits, and how many values of 8 bits kernels look at
   * together; see {@link #weightedSum}.
   */
  int CHUNK_BYTES = 16;

  /** The most values of a chunk. */
  int MAX_CHUNK_VALUES = CHUNK_BYTES * Byte.SIZE / 2;

  /** How many bytes an array of packed values has beyond its last row, for loads of chunks. */
  int CHUNK_PADDING = CHUNK_BYTES + ROW_PADDING;

  /** Floats that say how a block's factors are coded; see {@link #scanBlock}. */
  int BLOCK_PARAMETERS = 5;

  /** The slot of a row of a block. */
  static int slot(int row) {
    int quarterRows = BLOCK_ROWS / QUARTERS;
    return row % quarterRows * QUARTERS + row / quarterRows;
  }

  /** Pairs of groups that hold {@code dimension} bits; always an even number. */
  static int pairs(int dimension) {
    return 2 * ((dimension + 2 * PAIR_DIMENSIONS - 1) / (2 * PAIR_DIMENSIONS));
  }

  /** Bytes of a row of packed values of 2, 4 or 8 bits. */
  static int valueBytes(int dimension, int bits) {
    if (bits == Byte.SIZE) {
      return dimension;
    }
    int chunkValues = CHUNK_BYTES * Byte.SIZE / bits;
    return CHUNK_BYTES * ((dimension + chunkValues - 1) / chunkValues);
  }

  /**
   * Stores a value of the row of packed values that begins with the array; see {@link
   * #weightedSum}.
   *
   * @param value from 0 to 2^bits - 1
   */
  static void putValue(byte[] row, int i, int bits, int value) {
    if (bits == Byte.SIZE) {
      row[i] = (byte) (value - (1 << Byte.SIZE - 1));
      return;
    }
    int chunkValues = CHUNK_BYTES * Byte.SIZE / bits;
    int at = i / chunkValues * CHUNK_BYTES + i % CHUNK_BYTES;
    int shift = i % chunkValues / CHUNK_BYTES * bits;
    int others = row[at] & ~((1 << bits) - 1 << shift);
    row[at] = (byte) (others | value << shift);
  }

  /**
   * The Walsh-Hadamard transform, not normalised, in place.
   *
   * @param size a power of two
   */
  void hadamard(float[] x, int offset, int size);

  /**
   * Estimates the distances of a block's rows. With {@code sum} the row's sum of table entries, and
   * offset, scale and error as the block's parameters decode them:
   *
   * <pre>
   * estimate = base + offset - scale · (step · sum + bias)
   * lower    = estimate - error · spread
   * </pre>
   *
   * @param block the bytes, the block beginning at {@code at}
   * @param pairs pairs of groups, an even number
   * @param tables for each group the entries of its 16 codes, none above {@link #MAX_ENTRY}, four
   *     times
   * @param parameters from {@code parameterAt} on: offset of a stored 0 and of each step more,
   *     scale of 0 and of each step, error of each step
   * @param limit rows whose lower bound is not below it are of no interest
   * @param estimates receives 64 estimates, from {@code out} on
   * @param lowers receives 64 lower bounds, from {@code out} on; may be the same array, which has
   *     the lower bounds then
   * @return the rows of interest, row r as bit r
   */
  long scanBlock(
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
      int out);

  /**
   * The sum of the products of a float vector and a row of small whole numbers. They are packed so
   * that a register of bytes holds consecutive values in the same bits:
   *
   * <ul>
   *   <li>8 bits: byte i is value i, signed.
   *   <li>4 bits, unsigned: chunks of {@link #CHUNK_BYTES} bytes and 32 values; byte j has value j
   *       in its lower and value 16 + j in its upper half.
   *   <li>2 bits, unsigned: chunks of as many bytes and 64 values; byte j has value 16 k + j in
   *       bits 2 k and 2 k + 1.
   * </ul>
   *
   * @param weights zeros from {@code dimension} on, up to a multiple of {@link #MAX_CHUNK_VALUES}
   * @param rows has at least {@link #CHUNK_PADDING} bytes after the row, of any content
   * @param bits 2, 4 or 8
   */
  float weightedSum(float[] weights, byte[] rows, int rowOffset, int dimension, int bits);

  /**
   * The squared distance of a float vector and a row of bytes that stand for 128 more than their
   * value. The same, to the bit, as of the row as floats.
   *
   * @param rows has at least {@link #ROW_PADDING} bytes after the row
   */
  float squaredL2(float[] query, byte[] rows, int rowOffset, int dimension);

  /** The inner product of a float vector and a row of bytes, as {@link #squaredL2}. */
  float dot(float[] query, byte[] rows, int rowOffset, int dimension);

  /**
   * The squared distances of a float vector and rows of bytes that lie apart.
   *
   * @param rows row 0 begins at {@code rowOffset}
   * @param numbers which rows; those from {@code from} up to {@code to} count
   * @param out receives the distance of row {@code numbers[i]} at i
   */
  default void squaredL2(
      float[] query,
      byte[] rows,
      int rowOffset,
      int[] numbers,
      int from,
      int to,
      int dimension,
      float[] out) {
    for (int i = from; i < to; i++) {
      out[i] = squaredL2(query, rows, rowOffset + numbers[i] * dimension, dimension);
    }
  }

  /**
   * The inner products of a float vector and rows of bytes that lie apart, as {@link #squaredL2}.
   */
  default void dot(
      float[] query,
      byte[] rows,
      int rowOffset,
      int[] numbers,
      int from,
      int to,
      int dimension,
      float[] out) {
    for (int i = from; i < to; i++) {
      out[i] = dot(query, rows, rowOffset + numbers[i] * dimension, dimension);
    }
  }
}
