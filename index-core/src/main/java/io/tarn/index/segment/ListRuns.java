package io.tarn.index.segment;

import java.util.Arrays;

/** The list of each row of a segment, as runs of rows of one list. */
public final class ListRuns {
  private final int[] lists;

  /** The first row of each run, and behind them the row count. */
  private final int[] starts;

  private ListRuns(int[] lists, int[] starts) {
    this.lists = lists;
    this.starts = starts;
  }

  /** How many runs there are. */
  public int count() {
    return lists.length;
  }

  /** The list of a run. */
  public int list(int run) {
    return lists[run];
  }

  /** The first row of a run. */
  public int start(int run) {
    return starts[run];
  }

  /** The row behind the last one of a run. */
  public int end(int run) {
    return starts[run + 1];
  }

  /** The list of a row. */
  public int listOf(int row) {
    int run = Arrays.binarySearch(starts, row);
    return lists[run >= 0 ? run : -run - 2];
  }

  /** The list of each row, in an array of its own. */
  public int[] toArray() {
    int[] ofRows = new int[starts[lists.length]];
    for (int run = 0; run < lists.length; run++) {
      Arrays.fill(ofRows, starts[run], starts[run + 1], lists[run]);
    }
    return ofRows;
  }

  /** Whether any row is of a list. */
  public boolean contains(int list) {
    // Runs ascend as rows do.
    return Arrays.binarySearch(lists, list) >= 0;
  }

  /** Bytes of memory the runs take. */
  public long memoryBytes() {
    return (long) Integer.BYTES * (lists.length + starts.length);
  }

  /** Collects the lists of rows, in row order. */
  public static final class Builder {
    private int[] lists = new int[16];
    private int[] starts = new int[16];
    private int runs;
    private int rows;

    /** Adds {@code count} rows of a list. */
    public void add(int list, int count) {
      if (runs == 0 || lists[runs - 1] != list) {
        if (runs == lists.length) {
          lists = Arrays.copyOf(lists, 2 * runs);
          starts = Arrays.copyOf(starts, 2 * runs);
        }
        lists[runs] = list;
        starts[runs++] = rows;
      }
      rows += count;
    }

    /** Adds a row of each of the first {@code count} lists of an array. */
    public void add(long[] ofRows, int count) {
      int from = 0;
      for (int i = 1; i <= count; i++) {
        if (i == count || ofRows[i] != ofRows[from]) {
          add((int) ofRows[from], i - from);
          from = i;
        }
      }
    }

    public ListRuns build() {
      int[] ends = Arrays.copyOf(starts, runs + 1);
      ends[runs] = rows;
      return new ListRuns(Arrays.copyOf(lists, runs), ends);
    }
  }
}
