package io.tarn.index.kernel.simd;

import io.tarn.index.kernel.PackedRows;
import java.util.Arrays;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorMask;
import jdk.incubator.vector.VectorOperators;
import jdk.incubator.vector.VectorSpecies;

/**
 * {@link io.tarn.index.kernel.VectorKernels#nearest}: packed rows lie across the lanes, the values
 * of the other rows are broadcast, and a tile of sums stays in registers while it runs through all
 * dimensions (the micro-kernel of Goto and van de Geijn, "Anatomy of high-performance matrix
 * multiplication", 2008). The tile then leaves for a scratch array that never leaves the first
 * cache, where each row keeps, lane by lane, the best it has met.
 *
 * <p>Every product is one chain of fused multiply-adds from the first dimension to the last, so it
 * is the same whatever stands around the row, and the same at any width of vectors.
 */
final class SimdNearest {
  private static final VectorSpecies<Float> SPECIES = FloatVector.SPECIES_PREFERRED;
  private static final int LANES = SPECIES.length();

  /**
   * A tile is six rows by two vectors: 12 sums, 2 loaded and 1 broadcast vector. That just fits the
   * 16 registers of AVX2 and SSE; larger tiles gain a tenth with the 32 registers of AVX-512 and
   * lose a third without them.
   */
  private static final int TILE_ROWS = 6;

  static final int PANEL_WIDTH = 2 * LANES;

  /** Rows that meet a panel while it is in the first cache. */
  private static final int BLOCK_ROWS = 20 * TILE_ROWS;

  private final PackedRows packed;
  private final int dimension;
  private final float[] products = new float[TILE_ROWS * PANEL_WIDTH];
  private final float[] bestScores;

  /** The number of the vector of packed rows that gave the best score; exact up to 2^24. */
  private final float[] bestVectors;

  private SimdNearest(PackedRows packed, int rowCount) {
    this.packed = packed;
    this.dimension = packed.dimension();
    int tiles = (Math.min(rowCount, BLOCK_ROWS) + TILE_ROWS - 1) / TILE_ROWS;
    this.bestScores = new float[tiles * TILE_ROWS * LANES];
    this.bestVectors = new float[tiles * TILE_ROWS * LANES];
  }

  static void nearest(
      float[] rows,
      int rowOffset,
      int rowCount,
      PackedRows packed,
      int[] nearest,
      float[] scores,
      int outOffset) {
    SimdNearest search = new SimdNearest(packed, rowCount);
    for (int done = 0; done < rowCount; done += BLOCK_ROWS) {
      int count = Math.min(BLOCK_ROWS, rowCount - done);
      search.scan(rows, rowOffset + done * packed.dimension(), count);
      search.reduce(count, nearest, scores, outOffset + done);
    }
  }

  private void scan(float[] rows, int rowOffset, int count) {
    int tiled = count - count % TILE_ROWS;
    float[] rest = new float[tiled < count ? TILE_ROWS * dimension : 0];
    System.arraycopy(rows, rowOffset + tiled * dimension, rest, 0, (count - tiled) * dimension);
    Arrays.fill(bestScores, Float.POSITIVE_INFINITY);
    for (int panel = 0; panel < packed.panels(); panel++) {
      for (int r = 0; r < tiled; r += TILE_ROWS) {
        multiply(rows, rowOffset + r * dimension, panel);
        keepBest(r, panel);
      }
      if (tiled < count) {
        multiply(rest, 0, panel);
        keepBest(tiled, panel);
      }
    }
  }

  private void multiply(float[] rows, int rowOffset, int panel) {
    tile(rows, rowOffset, packed.values(), panel * dimension * PANEL_WIDTH, dimension, products);
  }

  /** Twelve vectors of products. Every vector loaded is used six times, every value twice. */
  private static void tile(
      float[] rows, int row0, float[] panels, int panel, int dimension, float[] products) {
    int row1 = row0 + dimension;
    int row2 = row1 + dimension;
    int row3 = row2 + dimension;
    int row4 = row3 + dimension;
    int row5 = row4 + dimension;
    FloatVector s00 = FloatVector.zero(SPECIES);
    FloatVector s01 = s00;
    FloatVector s10 = s00;
    FloatVector s11 = s00;
    FloatVector s20 = s00;
    FloatVector s21 = s00;
    FloatVector s30 = s00;
    FloatVector s31 = s00;
    FloatVector s40 = s00;
    FloatVector s41 = s00;
    FloatVector s50 = s00;
    FloatVector s51 = s00;
    for (int i = 0; i < dimension; i++) {
      int at = panel + i * PANEL_WIDTH;
      FloatVector p0 = FloatVector.fromArray(SPECIES, panels, at);
      FloatVector p1 = FloatVector.fromArray(SPECIES, panels, at + LANES);
      FloatVector x = FloatVector.broadcast(SPECIES, rows[row0 + i]);
      s00 = x.fma(p0, s00);
      s01 = x.fma(p1, s01);
      x = FloatVector.broadcast(SPECIES, rows[row1 + i]);
      s10 = x.fma(p0, s10);
      s11 = x.fma(p1, s11);
      x = FloatVector.broadcast(SPECIES, rows[row2 + i]);
      s20 = x.fma(p0, s20);
      s21 = x.fma(p1, s21);
      x = FloatVector.broadcast(SPECIES, rows[row3 + i]);
      s30 = x.fma(p0, s30);
      s31 = x.fma(p1, s31);
      x = FloatVector.broadcast(SPECIES, rows[row4 + i]);
      s40 = x.fma(p0, s40);
      s41 = x.fma(p1, s41);
      x = FloatVector.broadcast(SPECIES, rows[row5 + i]);
      s50 = x.fma(p0, s50);
      s51 = x.fma(p1, s51);
    }
    // Straight to an array: passed on to another method, so many vectors would be boxed.
    s00.intoArray(products, 0);
    s01.intoArray(products, LANES);
    s10.intoArray(products, 2 * LANES);
    s11.intoArray(products, 3 * LANES);
    s20.intoArray(products, 4 * LANES);
    s21.intoArray(products, 5 * LANES);
    s30.intoArray(products, 6 * LANES);
    s31.intoArray(products, 7 * LANES);
    s40.intoArray(products, 8 * LANES);
    s41.intoArray(products, 9 * LANES);
    s50.intoArray(products, 10 * LANES);
    s51.intoArray(products, 11 * LANES);
  }

  /**
   * Lane by lane, the smaller of what was best and what the tile brought; the earlier of equals.
   */
  private void keepBest(int row, int panel) {
    FloatVector penalties0 = penalties(panel * PANEL_WIDTH);
    FloatVector penalties1 = penalties(panel * PANEL_WIDTH + LANES);
    for (int r = 0; r < TILE_ROWS; r++) {
      int at = (row + r) * LANES;
      FloatVector best = FloatVector.fromArray(SPECIES, bestScores, at);
      FloatVector bestVector = FloatVector.fromArray(SPECIES, bestVectors, at);
      FloatVector score = penalties0.sub(products(2 * r));
      VectorMask<Float> better = score.compare(VectorOperators.LT, best);
      best = best.blend(score, better);
      bestVector = bestVector.blend((float) (2 * panel), better);
      score = penalties1.sub(products(2 * r + 1));
      better = score.compare(VectorOperators.LT, best);
      best.blend(score, better).intoArray(bestScores, at);
      bestVector.blend((float) (2 * panel + 1), better).intoArray(bestVectors, at);
    }
  }

  private FloatVector penalties(int at) {
    return FloatVector.fromArray(SPECIES, packed.penalties(), at);
  }

  private FloatVector products(int vector) {
    return FloatVector.fromArray(SPECIES, products, vector * LANES);
  }

  /** The smallest score over the lanes; of equal ones that of the row packed first. */
  private void reduce(int count, int[] nearest, float[] scores, int outOffset) {
    for (int r = 0; r < count; r++) {
      int best = -1;
      float bestScore = Float.POSITIVE_INFINITY;
      for (int lane = 0; lane < LANES; lane++) {
        float score = bestScores[r * LANES + lane];
        int vector = (int) bestVectors[r * LANES + lane];
        int row = vector * LANES + lane;
        if (score < bestScore || (score == bestScore && row < best)) {
          bestScore = score;
          best = row;
        }
      }
      nearest[outOffset + r] = best;
      scores[outOffset + r] = bestScore;
    }
  }
}
