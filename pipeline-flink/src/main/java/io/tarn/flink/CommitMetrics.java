package io.tarn.flink;

import io.tarn.index.snapshot.Change;
import io.tarn.index.snapshot.SegmentRef;
import io.tarn.index.snapshot.Snapshot;
import java.time.InstantSource;
import java.util.List;
import java.util.Optional;
import java.util.function.LongSupplier;
import java.util.function.ToLongFunction;
import org.apache.flink.metrics.Counter;
import org.apache.flink.metrics.Histogram;
import org.apache.flink.metrics.MetricGroup;
import org.apache.flink.runtime.metrics.DescriptiveStatisticsHistogram;

/**
 * What the committer says of itself, and of the index as it was when it last committed, in Flink's
 * metric system; {@code docs/operations.md} describes each metric.
 */
final class CommitMetrics implements AutoCloseable {
  /** The group that all metrics of the job are in, below their operator's. */
  static final String GROUP = "tarn";

  /** How many of the newest commits the histograms are made of. */
  private static final int WINDOW_COMMITS = 500;

  /** A time that is not known. */
  private static final long UNKNOWN = -1;

  private final List<String> sources;
  private final Optional<KafkaLag> lag;
  private final InstantSource clock;
  private final Counter commits;
  private final Counter committedRows;
  private final Counter committedDeletes;
  private final Histogram rowsPerCommit;
  private final Histogram commitMs;

  /** Read by the threads of reporters. */
  private volatile Snapshot snapshot;

  /**
   * @param operator the committer's group
   * @param topics what the job reads, if it reads topics
   * @param newest the index as it is
   * @param retries how often commits had to begin anew
   */
  CommitMetrics(
      MetricGroup operator,
      Optional<KafkaLag.Topics> topics,
      Snapshot newest,
      LongSupplier retries,
      InstantSource clock) {
    this.sources =
        topics.stream()
            .flatMap(read -> read.names().stream())
            .map(TakenPositions::sourceName)
            .toList();
    this.snapshot = newest;
    this.clock = clock;
    this.lag = topics.map(KafkaLag::new);
    MetricGroup group = operator.addGroup(GROUP);
    commits = group.counter("commits");
    committedRows = group.counter("committedRows");
    committedDeletes = group.counter("committedDeletes");
    rowsPerCommit = group.histogram("rowsPerCommit", window());
    commitMs = group.histogram("commitMs", window());
    group.gauge("commitRetries", retries::getAsLong);
    lag.ifPresent(
        behind -> {
          group.gauge("freshnessMs", this::freshnessMs);
          group.gauge("lagRecords", () -> behind.behind(snapshot));
        });
    group.gauge("indexVersion", () -> snapshot.version());
    group.gauge("lastCommitTimeMs", () -> snapshot.timestampMs());
    group.gauge("segments", () -> snapshot.segments().size());
    group.gauge("storedRows", () -> sum(SegmentRef::rows));
    group.gauge("storedDeletes", () -> sum(SegmentRef::deletes));
    group.gauge("storedBytes", () -> sum(segment -> segment.file().bytes()));
    group.gauge("lists", () -> snapshot.model().lists());
    group.gauge("errorRatio", () -> snapshot.drift().errorRatio().orElse(UNKNOWN));
  }

  private static Histogram window() {
    return new DescriptiveStatisticsHistogram(WINDOW_COMMITS);
  }

  /** How old the newest record in the index is, of the topics that the job reads. */
  private long freshnessMs() {
    long newestMs =
        sources.stream()
            .mapToLong(source -> snapshot.source(source).lastRecordMs())
            .max()
            .orElse(UNKNOWN);
    return newestMs <= 0 ? UNKNOWN : Math.max(0, clock.millis() - newestMs);
  }

  private long sum(ToLongFunction<SegmentRef> of) {
    return snapshot.segments().stream().mapToLong(of).sum();
  }

  /** A change was published, as {@code version}, which took so long. */
  void published(Change change, Snapshot version, long tookMs) {
    long rows = change.added().stream().mapToLong(SegmentRef::rows).sum();
    commits.inc();
    committedRows.inc(rows);
    committedDeletes.inc(change.added().stream().mapToLong(SegmentRef::deletes).sum());
    rowsPerCommit.update(rows);
    commitMs.update(tookMs);
    snapshot = version;
  }

  /** A change turned out to be in the index already. */
  void found(Snapshot version) {
    snapshot = version;
  }

  @Override
  public void close() {
    lag.ifPresent(KafkaLag::close);
  }
}
