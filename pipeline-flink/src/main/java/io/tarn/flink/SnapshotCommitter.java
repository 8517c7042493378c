package io.tarn.flink;

import io.tarn.index.commit.CommitConflictException;
import io.tarn.index.commit.SnapshotLog;
import io.tarn.index.snapshot.Change;
import io.tarn.index.snapshot.OffsetRange;
import io.tarn.index.snapshot.SegmentRef;
import io.tarn.index.snapshot.Snapshot;
import io.tarn.index.storage.Storage;
import io.tarn.index.write.ModelReassigner;
import java.io.IOException;
import java.time.InstantSource;
import java.util.Collection;
import java.util.Map;
import java.util.Optional;
import java.util.StringJoiner;
import java.util.concurrent.TimeUnit;
import org.apache.flink.api.connector.sink2.Committer;
import org.apache.flink.metrics.MetricGroup;
import org.apache.flink.runtime.execution.SuppressRestartsException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Publishes changes as versions of the index. A change that a restart delivers again is recognised
 * by its positions, or its number in a run, which the index holds already.
 */
final class SnapshotCommitter implements Committer<PendingChange> {
  private static final Logger LOG = LoggerFactory.getLogger(SnapshotCommitter.class);

  private final Storage storage;
  private final Optional<TopicIds.Guard> guard;
  private final io.tarn.index.commit.Committer committer;
  private final Optional<CommitMetrics> metrics;
  private long version;

  /**
   * @param storage closed by this committer
   * @param origin where the changes come from
   * @param group of this committer; none if it will have nothing to commit
   */
  SnapshotCommitter(Storage storage, FeatureOrigin origin, Optional<MetricGroup> group)
      throws IOException {
    this.storage = storage;
    this.guard = origin.guard();
    SnapshotLog log = new SnapshotLog(storage);
    this.committer = new io.tarn.index.commit.Committer(log, new ModelReassigner(storage));
    Snapshot newest = log.newest();
    this.version = newest.version();
    // A consumer that finds nothing at its position would have the job restarted without end.
    try {
      if (guard.isPresent()) {
        guard.get().checkIfPossible();
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IOException("interrupted while Kafka was asked for its topics", e);
    }
    this.metrics =
        group.map(
            g ->
                new CommitMetrics(
                    g, origin.topics(), newest, committer::retries, InstantSource.system()));
  }

  @Override
  public void commit(Collection<CommitRequest<PendingChange>> requests)
      throws IOException, InterruptedException {
    if (guard.isPresent()) {
      guard.get().check();
    }
    for (CommitRequest<PendingChange> request : requests) {
      if (!publish(request.getCommittable())) {
        request.signalAlreadyCommitted();
      }
    }
  }

  /** False if the index held the change already. */
  private boolean publish(PendingChange pending) throws IOException {
    Change change = pending.change();
    long startedNs = System.nanoTime();
    Snapshot snapshot = commit(change);
    boolean published =
        snapshot.version() > version && snapshot.commitId().equals(change.commitId());
    version = Math.max(version, snapshot.version());
    if (published) {
      long tookMs = TimeUnit.NANOSECONDS.toMillis(System.nanoTime() - startedNs);
      metrics.ifPresent(m -> m.published(change, snapshot, tookMs));
      log(pending, tookMs);
    } else {
      metrics.ifPresent(m -> m.found(snapshot));
      LOG.info("Version {} holds {} already", snapshot.version(), positions(change));
    }
    return published;
  }

  private Snapshot commit(Change change) throws IOException {
    try {
      return committer.commit(change);
    } catch (CommitConflictException e) {
      LOG.error("The index refuses what was read: {}", e.getMessage());
      // Restarted, the job would offer the same change again, forever.
      throw new SuppressRestartsException(e);
    }
  }

  private void log(PendingChange pending, long tookMs) {
    Change change = pending.change();
    long rows = change.added().stream().mapToLong(SegmentRef::rows).sum();
    long deletes = change.added().stream().mapToLong(SegmentRef::deletes).sum();
    LOG.info(
        "Published version {}: {} rows, {} deletes, {} bad records, {} segments; {}; {} ms",
        version,
        rows,
        deletes,
        pending.badRecords(),
        change.added().size(),
        positions(change),
        tookMs);
  }

  /** Such as {@code kafka:features 0: 17-42, 1: 3-9}; the last offset is included. */
  private static String positions(Change change) {
    StringJoiner sources = new StringJoiner("; ");
    change
        .sources()
        .forEach(
            (source, advance) -> {
              StringJoiner partitions = new StringJoiner(", ", source + " ", "");
              for (Map.Entry<Integer, OffsetRange> entry : advance.partitions().entrySet()) {
                OffsetRange range = entry.getValue();
                partitions.add(entry.getKey() + ": " + range.first() + "-" + (range.next() - 1));
              }
              sources.add(partitions.toString());
            });
    return sources.toString();
  }

  @Override
  public void close() throws IOException {
    metrics.ifPresent(CommitMetrics::close);
    guard.ifPresent(TopicIds.Guard::close);
    storage.close();
  }
}
