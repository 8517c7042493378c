package io.tarn.index.snapshot;

import java.util.Collection;
import java.util.List;
import java.util.Optional;
import java.util.OptionalDouble;

/**
 * How far an index has moved away from what its lists were trained for. Assignment error is the
 * mean squared distance of rows to the centroid of their list; it is followed commit by commit,
 * from what segments say of themselves. Lists that are split or dissolved are held against the same
 * baseline; lists that are trained anew begin anew.
 *
 * @param trainedVersion the version with which the lists were trained; 0 if it is not known
 * @param baselineRows of how many rows the baseline is
 * @param baselineError the error of the rows the lists were trained for; where those are fewer than
 *     {@link #BASELINE_ROWS}, of the first rows that were committed as well
 * @param error the error of rows committed recently
 * @param first what was measured first of these lists; null if nothing was
 * @param latest what was measured last, its recall a mean in which a measurement counts for an
 *     eighth, and older ones for less and less; null if nothing was
 * @param retrain that lists should be trained anew; null if nobody asks for it
 */
public record Drift(
    long trainedVersion,
    long baselineRows,
    double baselineError,
    double error,
    DriftSample first,
    DriftSample latest,
    RetrainRequest retrain) {
  /** A mean of so many is off by a few percent. */
  public static final long BASELINE_ROWS = 1000;

  /** Over about how many of the newest rows {@link #error} is smoothed. */
  public static final long RECENT_ROWS = 10_000;

  /** However many rows a commit has, so many commits count. */
  public static final int RECENT_COMMITS = 8;

  /** Of so many measurements, about, recall is the mean: one alone says little. */
  public static final int RECENT_SAMPLES = 8;

  /**
   * A commit counts with at most so many times the baseline: so one of odd rows alone lifts the
   * ratio by no more than 3/8.
   */
  public static final double MAX_RATIO = 4;

  /** Of an index of which nothing is known. */
  private static final Drift UNKNOWN = new Drift(0, 0, 0, 0, null, null, null);

  public static Drift unknown() {
    return UNKNOWN;
  }

  /**
   * That of an index whose lists have just been trained.
   *
   * @param segments all there are
   */
  public static Drift trained(long version, Collection<SegmentRef> segments) {
    return new Drift(version, 0, 0, 0, null, null, null).after(segments);
  }

  /**
   * After lists were split or dissolved: recent rows are those of the newest segments, with what
   * they are off under the new lists.
   *
   * @param segments all there are, oldest sequence first
   */
  public Drift relisted(List<SegmentRef> segments) {
    long rows = 0;
    double sum = 0;
    for (int s = segments.size() - 1; s >= 0 && rows < RECENT_ROWS; s--) {
      if (segments.get(s).isErrorKnown()) {
        rows += segments.get(s).rows();
        sum += segments.get(s).squaredError();
      }
    }
    return rows == 0 || !hasBaseline() ? this : withError(counted(sum / rows));
  }

  /** After a commit that brought in some segments. */
  public Drift after(Collection<SegmentRef> segments) {
    long rows = 0;
    double sum = 0;
    for (SegmentRef segment : segments) {
      if (segment.isErrorKnown()) {
        rows += segment.rows();
        sum += segment.squaredError();
      }
    }
    if (rows == 0) {
      return this;
    }
    if (!hasBaseline()) {
      long all = baselineRows + rows;
      double mean = baselineError + (sum / rows - baselineError) * rows / all;
      return new Drift(trainedVersion, all, mean, mean, first, latest, retrain);
    }
    double weight = Math.min(1.0 / RECENT_COMMITS, (double) rows / RECENT_ROWS);
    return withError(error + weight * (counted(sum / rows) - error));
  }

  private double counted(double mean) {
    return Math.min(mean, MAX_RATIO * baselineError);
  }

  private Drift withError(double recent) {
    return new Drift(trainedVersion, baselineRows, baselineError, recent, first, latest, retrain);
  }

  /** Errors that are all zero are none to compare with. */
  private boolean hasBaseline() {
    return baselineRows >= BASELINE_ROWS && baselineError > 0;
  }

  /**
   * The error of recent rows, as a multiple of that of the rows the lists were trained for; empty
   * as long as those are too few.
   */
  public OptionalDouble errorRatio() {
    return hasBaseline() ? OptionalDouble.of(error / baselineError) : OptionalDouble.empty();
  }

  /** With what was measured, unless it was before the lists were trained, or older than known. */
  public Drift measured(DriftSample sample) {
    if (sample.version() < trainedVersion
        || (latest != null && sample.version() <= latest.version())) {
      return this;
    }
    // Who looks at fewer lists finds less.
    if (first == null || sample.nprobe() < first.nprobe()) {
      return withSamples(sample, sample);
    }
    double change = (sample.recall() - latest.recall()) / RECENT_SAMPLES;
    return withSamples(first, sample.withRecall(latest.recall() + change));
  }

  private Drift withSamples(DriftSample newFirst, DriftSample newLatest) {
    return new Drift(
        trainedVersion, baselineRows, baselineError, error, newFirst, newLatest, retrain);
  }

  /** Asking for lists to be trained anew; who asked first is heard. */
  public Drift asking(RetrainRequest request) {
    return retrain != null
        ? this
        : new Drift(trainedVersion, baselineRows, baselineError, error, first, latest, request);
  }

  /** What was measured last, if anything was. */
  public Optional<DriftSample> latestIfAny() {
    return Optional.ofNullable(latest);
  }

  /** Whether and why lists should be trained anew. */
  public Optional<RetrainRequest> retrainIfAsked() {
    return Optional.ofNullable(retrain);
  }
}
