package io.tarn.spark.neighbours;

import io.tarn.index.feature.FeatureId;
import java.util.stream.IntStream;

/** Goes through the pairs of neighbours of two blocks, and keeps what groups are made of. */
final class Linking implements BlockJoin.Pairs {
  private final long[] core;
  private final boolean nearestOfAll;
  private final int firstA;
  private final int firstB;
  private final int rowsA;
  private final FeatureId[] idsA;
  private final FeatureId[] idsB;
  private final boolean same;
  private final UnionFind sets;
  private final IntStream.Builder edges = IntStream.builder();
  private final NearestCores ofA;
  private final NearestCores ofB;
  private boolean foundA;
  private boolean foundB;

  /**
   * @param core the bitmap of all core rows of the index
   * @param nearestOfAll whether the nearest core is wanted of core rows, too
   */
  Linking(
      RowBlocks blocks,
      int a,
      int b,
      long[] core,
      boolean nearestOfAll,
      FeatureId[] idsA,
      FeatureId[] idsB) {
    this.core = core;
    this.nearestOfAll = nearestOfAll;
    this.firstA = blocks.firstRow(a);
    this.firstB = blocks.firstRow(b);
    this.rowsA = blocks.rows(a);
    this.idsA = idsA;
    this.idsB = idsB;
    this.same = a == b;
    this.sets = new UnionFind(same ? rowsA : rowsA + blocks.rows(b));
    this.ofA = new NearestCores(rowsA);
    this.ofB = same ? ofA : new NearestCores(blocks.rows(b));
  }

  @Override
  public void accept(int offsetA, int offsetB, float distance) {
    int a = firstA + offsetA;
    int b = firstB + offsetB;
    boolean coreA = isCore(a);
    boolean coreB = isCore(b);
    if (coreA && coreB && sets.join(offsetA, same ? offsetB : rowsA + offsetB)) {
      edges.add(a).add(b);
    }
    if (coreB && (nearestOfAll || !coreA) && ofA.takes(offsetA, distance)) {
      ofA.offer(offsetA, b, distance, idsB[offsetB]);
      foundA = true;
    }
    if (coreA && (nearestOfAll || !coreB) && ofB.takes(offsetB, distance)) {
      ofB.offer(offsetB, a, distance, idsA[offsetA]);
      foundB = true;
    }
  }

  private boolean isCore(int row) {
    return (core[row >> 6] & 1L << row) != 0;
  }

  Linked linked(int a, int b) {
    boolean wantedA = foundA || (same && foundB);
    return new Linked(
        a, b, edges.build().toArray(), wantedA ? ofA : null, foundB && !same ? ofB : null);
  }
}
