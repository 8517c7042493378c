package io.tarn.spark.neighbours;

/**
 * Which of some numbers belong together (Galler and Fischer, "An improved equivalence algorithm",
 * 1964); the smallest number of a set stands for it, in whatever order sets were joined.
 */
final class UnionFind {
  private final int[] parents;

  UnionFind(int size) {
    parents = new int[size];
    for (int i = 0; i < size; i++) {
      parents[i] = i;
    }
  }

  /** The number that stands for the set of {@code number}. */
  int find(int number) {
    int at = number;
    while (parents[at] != at) {
      parents[at] = parents[parents[at]];
      at = parents[at];
    }
    return at;
  }

  /** Joins the sets of two numbers; false if they were one already. */
  boolean join(int one, int other) {
    int a = find(one);
    int b = find(other);
    if (a == b) {
      return false;
    }
    parents[Math.max(a, b)] = Math.min(a, b);
    return true;
  }
}
