package io.tarn.index.search;

import io.tarn.index.kernel.CodeKernels;
import io.tarn.index.segment.CodeColumns;
import io.tarn.index.segment.RowVectors;
import java.util.Arrays;

/**
 * Codes in the layout that {@link CodeKernels#scanBlock} reads. Rows keep their order; a list of
 * some length begins at a block of its own, shorter ones share blocks, so that lists of a row or
 * two cost little memory.
 *
 * <p>A row takes dimension / 8 + 4 bytes: its offset in 16 bits, its scale and error in 8 each, all
 * relative to the range they have in the block. Rounding never makes a bound tighter: offsets are
 * rounded down, errors up, and what the rounding of the scale can do is part of the error. By how
 * much offsets were rounded down follows from their range, so that upper bounds can be had, too.
 */
final class CodeBlocks {
  /** Lists of fewer rows do not get blocks of their own. */
  static final int MIN_ALIGNED_ROWS = 32;

  /**
   * How many standard errors a bound lies below the estimate: the ε₀ of RaBitQ (SIGMOD 2024,
   * section 5.2.4), which takes 1.9. The farthest of the true neighbours is missed with the
   * probability that a Gaussian falls so far on one side, 0.6%, nearer ones more seldom.
   */
  private static final float ERRORS = 2.5f;

  /**
   * The same from {@link #MANY_DIMENSIONS} on, where errors are small beside the differences of
   * distances: the farthest is missed with a probability of 2.3%, but few are nearly as far as the
   * farthest. On sift1m two thirds of the vectors are looked at, for 0.001 of recall.
   */
  private static final float FEWER_ERRORS = 2f;

  private static final int MANY_DIMENSIONS = 64;

  private static final int CACHE_LINE_BYTES = 64;

  private static final int LEAD_BYTES = RowVectors.LEAD_BYTES;

  /** Blocks of a list to be asked for at a time; further ones the processor expects by itself. */
  private static final int MOST_TOUCHED = 8;

  private static final int OFFSET_STEPS = 65_535;
  private static final int SCALE_STEPS = 255;
  private static final int ERROR_STEPS = 255;

  /** Scales and errors beyond this are not coded: products with them would overflow. */
  private static final float MAX_FACTOR = 1e18f;

  /** Offsets beyond this are not coded: sums with them would overflow. */
  private static final float MAX_OFFSET = 1e36f;

  /**
   * No error is taken to be smaller than this many scales. For nearly all rows of more than a few
   * dimensions it is √(1 - 2/π), some 0.6, scales; see {@link #errorOfTables}.
   */
  private static final float LEAST_ERROR = 0.5f;

  /** More than the rounding of any of the float sums that a bound is made of. */
  static final float ROUNDING = 4e-6f;

  private final float errors;
  private final int pairs;
  private final int blockBytes;
  private final byte[] bytes;
  private final float[] parameters;

  /** The slot of the first row of each list, in blocks of 64 slots. */
  private final int[] listSlots;

  /** Where the centroids lie relative to the point from which queries are taken. */
  interface Centers {
    /** The products of {@code rows} rows of a list. */
    Products products(int list, int rows);
  }

  /** The inner product of the signs in a code and a list's rotated centroid. */
  interface Products {
    float of(byte[] bits, int at);
  }

  private CodeBlocks(int dimension, int[] listSlots, int blocks) {
    this.errors = errors(dimension);
    this.pairs = CodeKernels.pairs(dimension);
    this.blockBytes = pairs * CodeKernels.PAIR_BYTES + CodeKernels.FACTOR_BYTES;
    this.listSlots = listSlots;
    this.bytes = new byte[Math.addExact(LEAD_BYTES, Math.multiplyExact(blocks, blockBytes))];
    this.parameters = new float[blocks * CodeKernels.BLOCK_PARAMETERS];
  }

  private CodeBlocks(CodeBlocks other, int[] listSlots) {
    this.errors = other.errors;
    this.pairs = other.pairs;
    this.blockBytes = other.blockBytes;
    this.listSlots = listSlots;
    this.bytes = other.bytes;
    this.parameters = other.parameters;
  }

  /** The same codes, whose lists are counted otherwise. */
  CodeBlocks withListSlots(int[] slots) {
    return new CodeBlocks(this, slots);
  }

  /**
   * Lays codes out.
   *
   * @param listStarts the first row of each list, counted from 0, and behind them the row count
   * @param centers gives the query-independent product of each list
   */
  static CodeBlocks of(int dimension, CodeColumns codes, int[] listStarts, Centers centers) {
    int lists = listStarts.length - 1;
    int[] slots = new int[lists];
    int next = 0;
    for (int list = 0; list < lists; list++) {
      int rows = listStarts[list + 1] - listStarts[list];
      if (rows >= MIN_ALIGNED_ROWS) {
        next = blocksFor(next) * CodeKernels.BLOCK_ROWS;
      }
      slots[list] = next;
      next = Math.addExact(next, rows);
    }
    CodeBlocks blocks = new CodeBlocks(dimension, slots, blocksFor(next));
    new Filler(blocks, dimension, codes, centers).fill(listStarts);
    return blocks;
  }

  /** How many standard errors a bound lies below the estimate. */
  static float errors(int dimension) {
    return dimension < MANY_DIMENSIONS ? ERRORS : FEWER_ERRORS;
  }

  private static int blocksFor(int slots) {
    return (slots + CodeKernels.BLOCK_ROWS - 1) / CodeKernels.BLOCK_ROWS;
  }

  /** The most memory that the codes of {@code rows} rows in {@code lists} lists take. */
  static long bytesFor(int dimension, int rows, int lists) {
    long padded = Math.min(lists, rows / MIN_ALIGNED_ROWS) + 1L;
    long slots = rows + padded * (CodeKernels.BLOCK_ROWS - 1);
    long blocks = (slots + CodeKernels.BLOCK_ROWS - 1) / CodeKernels.BLOCK_ROWS;
    int blockBytes =
        CodeKernels.pairs(dimension) * CodeKernels.PAIR_BYTES + CodeKernels.FACTOR_BYTES;
    return blocks * (blockBytes + (long) Float.BYTES * CodeKernels.BLOCK_PARAMETERS)
        + LEAD_BYTES
        + (long) Integer.BYTES * lists;
  }

  int pairs() {
    return pairs;
  }

  byte[] bytes() {
    return bytes;
  }

  float[] parameters() {
    return parameters;
  }

  /** Where a block begins in {@link #bytes}: at the beginning of a cache line. */
  int at(int block) {
    return LEAD_BYTES + block * blockBytes;
  }

  int firstSlot(int list) {
    return listSlots[list];
  }

  /**
   * Asks memory for the first codes of a list, all lines of them together: read one after the other
   * as they are scanned, each block waits anew.
   *
   * @param rows how many rows the list has, at least one
   * @return anything; to be used for something, or the reading is optimised away
   */
  int touch(int list, int rows) {
    int first = listSlots[list] / CodeKernels.BLOCK_ROWS;
    int last = (listSlots[list] + rows - 1) / CodeKernels.BLOCK_ROWS;
    int end = at(Math.min(last + 1, first + MOST_TOUCHED));
    int sum =
        Float.floatToRawIntBits(parameters[first * CodeKernels.BLOCK_PARAMETERS])
            + Float.floatToRawIntBits(parameters[(last + 1) * CodeKernels.BLOCK_PARAMETERS - 1]);
    for (int at = at(first); at < end; at += CACHE_LINE_BYTES) {
      sum += bytes[at];
    }
    return sum;
  }

  /** By how much, at most, the offsets of a block's rows were rounded down. */
  float offsetRounding(int block) {
    int at = block * CodeKernels.BLOCK_PARAMETERS;
    float step = parameters[at + 1];
    float magnitude = Math.abs(parameters[at]) + OFFSET_STEPS * step;
    return step + 3 * slack(magnitude);
  }

  /** How much lower offsets are stored, so that the rounding of sums makes none larger. */
  private static float slack(float magnitude) {
    return ROUNDING * magnitude + Float.MIN_NORMAL;
  }

  /** No scale of the block's rows is larger. */
  float largestScale(int block) {
    int at = block * CodeKernels.BLOCK_PARAMETERS;
    return parameters[at + 2] + SCALE_STEPS * parameters[at + 3];
  }

  /**
   * What the rounding of lookup tables adds to a row's error bound, for each unit of its scale. The
   * two errors are independent, so their squares add up; where lists are small and far apart the
   * tables, made for all lists, are what matters.
   *
   * @param spread the distance of query and centroid
   * @param rounding the standard error of the tables' sums
   */
  float errorOfTables(float spread, float rounding) {
    double known = LEAST_ERROR * (double) spread;
    return errors * (float) (Math.sqrt(known * known + (double) rounding * rounding) - known);
  }

  long memoryBytes() {
    return bytes.length + (long) Float.BYTES * parameters.length + 4L * listSlots.length;
  }

  /** Fills the blocks in order, a block at a time. */
  private static final class Filler {
    private final CodeBlocks blocks;
    private final CodeColumns codes;
    private final Centers centers;
    private final float rootDimension;
    private final int[] rows = new int[CodeKernels.BLOCK_ROWS];
    private final float[] products = new float[CodeKernels.BLOCK_ROWS];
    private int block = -1;

    Filler(CodeBlocks blocks, int dimension, CodeColumns codes, Centers centers) {
      this.blocks = blocks;
      this.codes = codes;
      this.centers = centers;
      this.rootDimension = (float) Math.sqrt(dimension);
      Arrays.fill(rows, -1);
    }

    void fill(int[] listStarts) {
      for (int list = 0; list + 1 < listStarts.length; list++) {
        int count = listStarts[list + 1] - listStarts[list];
        Products ofList = centers.products(list, count);
        for (int i = 0; i < count; i++) {
          int slot = blocks.listSlots[list] + i;
          if (slot / CodeKernels.BLOCK_ROWS != block) {
            end();
            block = slot / CodeKernels.BLOCK_ROWS;
          }
          int row = listStarts[list] + i;
          rows[slot % CodeKernels.BLOCK_ROWS] = row;
          products[slot % CodeKernels.BLOCK_ROWS] =
              ofList.of(codes.bits(), row * codes.codeBytes());
        }
      }
      end();
    }

    private void end() {
      if (block < 0) {
        return;
      }
      putCodes();
      putFactors();
      Arrays.fill(rows, -1);
    }

    private void putCodes() {
      int at = blocks.at(block);
      int codeBytes = codes.codeBytes();
      for (int i = 0; i < rows.length; i++) {
        if (rows[i] >= 0) {
          int from = rows[i] * codeBytes;
          int to = at + CodeKernels.slot(i);
          for (int p = 0; p < codeBytes; p++) {
            blocks.bytes[to + p * CodeKernels.PAIR_BYTES] = codes.bits()[from + p];
          }
        }
      }
    }

    private void putFactors() {
      int parameterAt = block * CodeKernels.BLOCK_PARAMETERS;
      float[] parameters = blocks.parameters;
      float leastScale = Float.POSITIVE_INFINITY;
      float largestScale = 0;
      float largestError = 0;
      for (int row : rows) {
        if (row >= 0) {
          if (!isCodable(row)) {
            leaveUncoded(parameterAt);
            return;
          }
          leastScale = Math.min(leastScale, codes.scales()[row]);
          largestScale = Math.max(largestScale, codes.scales()[row]);
          largestError = Math.max(largestError, error(row));
        }
      }
      float scaleStep = (largestScale - leastScale) / SCALE_STEPS;
      float scaleError = scaleStep / 2 * rootDimension;
      float errorStep = (blocks.errors * largestError + scaleError) / ERROR_STEPS;
      parameters[parameterAt + 2] = leastScale;
      parameters[parameterAt + 3] = scaleStep;
      parameters[parameterAt + 4] = errorStep;
      int factorsAt = blocks.at(block) + blocks.pairs * CodeKernels.PAIR_BYTES;
      float[] offsets = new float[CodeKernels.BLOCK_ROWS];
      for (int i = 0; i < rows.length; i++) {
        if (rows[i] >= 0) {
          int scale = steps(codes.scales()[rows[i]] - leastScale, scaleStep, 0.5f, SCALE_STEPS);
          float error = blocks.errors * error(rows[i]) + scaleError;
          int at = factorsAt + CodeKernels.ROW_FACTOR_BYTES * i;
          blocks.bytes[at] = (byte) steps(error, errorStep, 0.999f, ERROR_STEPS);
          blocks.bytes[at + 1] = (byte) scale;
          offsets[i] = codes.offsets()[rows[i]] + (leastScale + scaleStep * scale) * products[i];
        }
      }
      putOffsets(offsets, parameterAt, factorsAt);
    }

    private float error(int row) {
      return Math.max(codes.errors()[row], LEAST_ERROR * codes.scales()[row]);
    }

    /** Every row of the block is below any limit, so that its vector is looked at. */
    private void leaveUncoded(int parameterAt) {
      Arrays.fill(blocks.parameters, parameterAt, parameterAt + CodeKernels.BLOCK_PARAMETERS, 0);
      blocks.parameters[parameterAt] = Float.NEGATIVE_INFINITY;
    }

    private boolean isCodable(int row) {
      return Math.abs(codes.offsets()[row]) < MAX_OFFSET
          && codes.scales()[row] < MAX_FACTOR
          && codes.errors()[row] < MAX_FACTOR;
    }

    private static int steps(float value, float step, float rounding, int most) {
      return step == 0 ? 0 : Math.min(most, (int) (value / step + rounding));
    }

    private void putOffsets(float[] offsets, int parameterAt, int factorsAt) {
      float least = Float.POSITIVE_INFINITY;
      float largest = Float.NEGATIVE_INFINITY;
      for (int i = 0; i < rows.length; i++) {
        if (rows[i] >= 0) {
          least = Math.min(least, offsets[i]);
          largest = Math.max(largest, offsets[i]);
        }
      }
      float magnitude = Math.max(Math.abs(least), Math.abs(largest));
      if (!(magnitude < MAX_OFFSET)) {
        // The product with the centroid is large beyond what was coded, or no number at all.
        leaveUncoded(parameterAt);
        return;
      }
      float step = (largest - least) / OFFSET_STEPS;
      float slack = slack(magnitude);
      blocks.parameters[parameterAt] = least - slack - Short.MIN_VALUE * step;
      blocks.parameters[parameterAt + 1] = step;
      for (int i = 0; i < rows.length; i++) {
        if (rows[i] >= 0) {
          int stored = steps(offsets[i] - least, step, 0, OFFSET_STEPS) + Short.MIN_VALUE;
          int at = factorsAt + CodeKernels.ROW_FACTOR_BYTES * i + 2;
          blocks.bytes[at] = (byte) stored;
          blocks.bytes[at + 1] = (byte) (stored >> Byte.SIZE);
        }
      }
    }
  }
}
