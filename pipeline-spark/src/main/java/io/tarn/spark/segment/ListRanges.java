package io.tarn.spark.segment;

import io.tarn.spark.rows.Mixing;
import java.io.Serializable;

/**
 * Which task writes a row: each task gets a contiguous range of lists, about as much as any other.
 * A list larger than a task's share is spread over several tasks, and so are deletes.
 *
 * <p>The choice depends on the row alone, so that a repeated task sends every row where it went
 * before.
 */
final class ListRanges implements Serializable {
  private static final long SPREAD_SEED = 0x7461726eL;

  private final int tasks;
  private final double[] expected;
  private final double[] before;

  /**
   * @param expectedRows about how many rows each list will have, in any unit
   * @param tasks how many tasks write
   */
  ListRanges(long[] expectedRows, int tasks) {
    this.tasks = tasks;
    this.expected = new double[expectedRows.length];
    this.before = new double[expectedRows.length];
    double total = 0;
    for (long rows : expectedRows) {
      // Lists not expected to have rows may still get some.
      total += rows + 1;
    }
    double sum = 0;
    for (int list = 0; list < expected.length; list++) {
      expected[list] = (expectedRows[list] + 1) / total * tasks;
      before[list] = sum;
      sum += expected[list];
    }
  }

  /** The task, from 0 on, that writes a row of a list; of {@link #DELETES} a delete. */
  int taskOf(int list, long position) {
    if (list == DELETES) {
      return (int) (Mixing.toUnit(position, SPREAD_SEED) * tasks);
    }
    // As one list, or by row if it alone is more than a task's share.
    double place = expected[list] > 1 ? Mixing.toUnit(position, SPREAD_SEED) : 0.5;
    return Math.min(tasks - 1, (int) (before[list] + expected[list] * place));
  }

  /** Stands for the list of deletes. */
  static final int DELETES = -1;
}
