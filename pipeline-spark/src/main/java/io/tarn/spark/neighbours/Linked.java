package io.tarn.spark.neighbours;

import java.io.Serializable;

/**
 * What two blocks have to do with each other once it is known which rows are core. A class and no
 * record, as Kryo cannot serialize these.
 */
final class Linked implements Serializable {
  final int a;
  final int b;

  /** Numbers of core rows, two by two: neighbours, and no more of them than join the same sets. */
  final int[] edges;

  /** For rows of {@code a} the nearest core among those of {@code b}; null if nobody asks. */
  final NearestCores ofA;

  /** The other way round; null if the blocks are the same. */
  final NearestCores ofB;

  Linked(int a, int b, int[] edges, NearestCores ofA, NearestCores ofB) {
    this.a = a;
    this.b = b;
    this.edges = edges;
    this.ofA = ofA;
    this.ofB = ofB;
  }
}
