package io.tarn.index.snapshot;

import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.UUID;

/**
 * Sources for rows that have no positions where they come from: each run of a writer is one, and
 * its positions are the numbers of its changes. So an index knows how far a run got by one number,
 * however many changes that was. Runs are not resumed, a writer that starts again begins another.
 */
public final class WriterRuns {
  private static final String PREFIX = "run:";
  private static final int PARTITION = 0;

  /** Larger than the age beyond which files are not committed at all. */
  private static final long MAX_AGE_MS = 2 * 86_400_000L;

  /** Some 60 kB in each snapshot at most. */
  private static final int MAX_RUNS = 512;

  private WriterRuns() {}

  /** The name of a new run. */
  public static String newRun() {
    return PREFIX + UUID.randomUUID();
  }

  /** Whether a source is a run of a writer, from which nothing can be read again. */
  public static boolean isRun(String source) {
    return source.startsWith(PREFIX);
  }

  /**
   * The positions of a change. Changes need not follow on one another: of a run that pauses for
   * days the index knows nothing any more.
   *
   * @param number of the change in its run, from 0
   * @param timestampMs when it was made
   */
  public static SourceAdvance change(long number, long timestampMs) {
    TreeMap<Integer, OffsetRange> numbers = new TreeMap<>();
    numbers.put(PARTITION, new OffsetRange(OffsetRange.UNKNOWN, number, number + 1));
    return new SourceAdvance(numbers, timestampMs);
  }

  /** Sources without the runs of which no change can come any more, nor the oldest beyond 512. */
  public static SortedMap<String, SourceState> withoutOldRuns(
      SortedMap<String, SourceState> sources, long nowMs) {
    List<Map.Entry<String, SourceState>> runs =
        sources.entrySet().stream()
            .filter(source -> isRun(source.getKey()))
            .sorted(Comparator.comparingLong(run -> run.getValue().lastRecordMs()))
            .toList();
    SortedMap<String, SourceState> kept = new TreeMap<>(sources);
    for (int i = 0; i < runs.size(); i++) {
      boolean surplus = runs.size() - i > MAX_RUNS;
      if (surplus || nowMs - runs.get(i).getValue().lastRecordMs() > MAX_AGE_MS) {
        kept.remove(runs.get(i).getKey());
      }
    }
    return kept;
  }
}
