package io.tarn.index.search;

import io.tarn.index.snapshot.CalibrationPoint;
import io.tarn.index.snapshot.Snapshot;
import java.util.List;

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
    public int listsWanted(Snapshot snapshot, int k) {
      return Math.min(nprobe, snapshot.model().lists());
    }
  }

  /**
   * About {@code nprobe} lists, the nearest first, as long as they are worth their rows: fewer
   * where the next ones are much farther away than the first or much has been seen already, more
   * where many are about as near or small. For the same share of the true neighbours that takes
   * fewer rows than the same number of lists for every query; {@link WorthwhileLists} says when it
   * stops. As many as the index has: all of them.
   */
  record Adaptive(int nprobe) implements Probe {
    public Adaptive {
      if (nprobe < 1) {
        throw new IllegalArgumentException("nprobe " + nprobe + " is less than 1");
      }
    }

    @Override
    public int listsWanted(Snapshot snapshot, int k) {
      return Math.min(nprobe, snapshot.model().lists());
    }
  }

  /**
   * As many lists as it took, when the index was last calibrated, to find so many of the true
   * neighbours on average: {@link Adaptive} if such searches were measured, {@link Nearest} if not.
   *
   * @param target more than 0, and less than or equal to 1
   */
  record Recall(double target) implements Probe {
    public Recall {
      if (!(target > 0 && target <= 1)) {
        throw new IllegalArgumentException("a recall of " + target + " is not in (0, 1]");
      }
    }

    @Override
    public Probe resolved(Snapshot snapshot, int k) {
      int measuredK = measuredK(snapshot.calibration(), k);
      List<CalibrationPoint> adaptive =
          snapshot.calibration().stream()
              .filter(point -> point.adaptive() && point.k() == measuredK)
              .toList();
      return adaptive.isEmpty()
          ? nearest(listsWanted(snapshot, k))
          : adaptive(fewest(adaptive, snapshot.model().lists()));
    }

    /**
     * {@inheritDoc}
     *
     * <p>Taken from the measurements for the next larger k, or else for the largest. All lists, if
     * none of them reached the target.
     */
    @Override
    public int listsWanted(Snapshot snapshot, int k) {
      List<CalibrationPoint> measured =
          snapshot.calibration().stream().filter(point -> !point.adaptive()).toList();
      if (measured.isEmpty()) {
        throw new IllegalArgumentException(
            "the index has not been calibrated, so how many lists a recall of "
                + target
                + " takes is not known: ask for a number of lists, or run evaluate with calibrate");
      }
      return listsWanted(measured, snapshot.model().lists(), k);
    }

    /**
     * As the other does, by measurements that are at hand.
     *
     * @param measured at least one that is not adaptive; those that are do not count
     * @param lists how many lists they were made with
     */
    public int listsWanted(List<CalibrationPoint> measured, int lists, int k) {
      List<CalibrationPoint> plain = measured.stream().filter(point -> !point.adaptive()).toList();
      int measuredK = measuredK(plain, k);
      return fewest(plain.stream().filter(point -> point.k() == measuredK).toList(), lists);
    }

    private int fewest(List<CalibrationPoint> measured, int lists) {
      return measured.stream()
          .filter(point -> point.recall() >= target)
          .mapToInt(CalibrationPoint::nprobe)
          .min()
          .orElse(lists);
    }

    /** The next larger k that was measured, or else the largest; 0 if none was. */
    private static int measuredK(List<CalibrationPoint> measured, int k) {
      int largest = measured.stream().mapToInt(CalibrationPoint::k).max().orElse(0);
      return measured.stream()
          .mapToInt(CalibrationPoint::k)
          .filter(m -> m >= k)
          .min()
          .orElse(largest);
    }
  }

  /** Every list: the true k nearest. */
  record Exact() implements Probe {
    @Override
    public int listsWanted(Snapshot snapshot, int k) {
      return snapshot.model().lists();
    }
  }

  /**
   * What this means for one snapshot: never a {@link Recall}.
   *
   * @throws IllegalArgumentException if the snapshot does not say
   */
  default Probe resolved(Snapshot snapshot, int k) {
    return this;
  }

  /**
   * How many lists to look at, by whoever looks at the same number for every query.
   *
   * @throws IllegalArgumentException if the snapshot does not say
   */
  int listsWanted(Snapshot snapshot, int k);

  static Probe nearest(int nprobe) {
    return new Nearest(nprobe);
  }

  static Probe adaptive(int nprobe) {
    return new Adaptive(nprobe);
  }

  static Probe recall(double target) {
    return new Recall(target);
  }

  static Probe exact() {
    return new Exact();
  }

  /** A reasonable number of lists where nothing is known: the square root of all, at least 8. */
  static Probe byDefault(int listCount) {
    return new Nearest(Math.min(listCount, Math.max(8, (int) Math.ceil(Math.sqrt(listCount)))));
  }
}
