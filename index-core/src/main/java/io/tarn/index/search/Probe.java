package io.tarn.index.search;

/** Which lists a search looks at. */
public sealed interface Probe {
  /**
   * The {@code nprobe} lists whose centroids are nearest to the query, and further ones only where
   * those hold fewer than k live rows.
   */
  record Nearest(int nprobe) implements Probe {
    public Nearest {
      if (nprobe < 1) {
        throw new IllegalArgumentException("nprobe " + nprobe + " is less than 1");
      }
    }

    @Override
    public int listsWanted(int listCount) {
      return Math.min(nprobe, listCount);
    }
  }

  /** Every list: the true k nearest. */
  record Exact() implements Probe {
    @Override
    public int listsWanted(int listCount) {
      return listCount;
    }
  }

  /** How many of an index's lists to look at. */
  int listsWanted(int listCount);

  static Probe nearest(int nprobe) {
    return new Nearest(nprobe);
  }

  static Probe exact() {
    return new Exact();
  }

  /** A reasonable number of lists where nothing is known: the square root of all, at least 8. */
  static Probe byDefault(int listCount) {
    return new Nearest(Math.min(listCount, Math.max(8, (int) Math.ceil(Math.sqrt(listCount)))));
  }
}
