package io.tarn.spark.neighbours;

import java.io.Serializable;

/** What comparing two blocks came to. A class and no record, as Kryo cannot serialize these. */
final class Compared implements Serializable {
  final int a;
  final int b;

  /** How many neighbours in the other block each row has; null if none has any. */
  final int[] neighboursOfA;

  /** Null also if the blocks are the same, for both of a pair are in the other then. */
  final int[] neighboursOfB;

  final PairBuffer pairs;

  Compared(int a, int b, int[] neighboursOfA, int[] neighboursOfB, PairBuffer pairs) {
    this.a = a;
    this.b = b;
    this.neighboursOfA = neighboursOfA;
    this.neighboursOfB = neighboursOfB;
    this.pairs = pairs;
  }

  boolean isEmpty() {
    return pairs.isComplete() && pairs.size() == 0;
  }
}
