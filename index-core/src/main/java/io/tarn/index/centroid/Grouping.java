package io.tarn.index.centroid;

import java.util.Arrays;

/**
 * Rows by the list they are assigned to, ascending within a list.
 *
 * @param starts where each list begins in {@code members}, and one more: where the last one ends
 * @param members the rows
 */
record Grouping(int[] starts, int[] members) {
  /** Groups rows: row r is in list {@code assigned[r]}. */
  static Grouping of(int[] assigned, int lists) {
    int[] starts = new int[lists + 1];
    for (int list : assigned) {
      starts[list + 1]++;
    }
    for (int c = 0; c < lists; c++) {
      starts[c + 1] += starts[c];
    }
    int[] members = new int[assigned.length];
    int[] next = Arrays.copyOf(starts, lists);
    for (int r = 0; r < assigned.length; r++) {
      members[next[assigned[r]]++] = r;
    }
    return new Grouping(starts, members);
  }

  int lists() {
    return starts.length - 1;
  }

  int size(int list) {
    return starts[list + 1] - starts[list];
  }

  /** The members of one list. */
  int[] membersOf(int list) {
    return Arrays.copyOfRange(members, starts[list], starts[list + 1]);
  }
}
