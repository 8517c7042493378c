package io.tarn.flink;

import java.io.IOException;
import java.util.Optional;
import org.apache.flink.api.common.typeinfo.Types;
import org.apache.flink.api.connector.sink2.Committer;
import org.apache.flink.api.connector.sink2.CommitterInitContext;
import org.apache.flink.api.connector.sink2.CommittingSinkWriter;
import org.apache.flink.api.connector.sink2.Sink;
import org.apache.flink.api.connector.sink2.SupportsCommitter;
import org.apache.flink.api.connector.sink2.WriterInitContext;
import org.apache.flink.core.io.SimpleVersionedSerializer;
import org.apache.flink.metrics.MetricGroup;
import org.apache.flink.streaming.api.connector.sink2.CommittableMessage;
import org.apache.flink.streaming.api.connector.sink2.CommittableMessageTypeInfo;
import org.apache.flink.streaming.api.connector.sink2.SupportsPostCommitTopology;
import org.apache.flink.streaming.api.connector.sink2.SupportsPreCommitTopology;
import org.apache.flink.streaming.api.datastream.DataStream;
import org.apache.flink.streaming.api.datastream.SingleOutputStreamOperator;

/**
 * Writes features into an index, one version per checkpoint that brought records, exactly once:
 * parallel {@link SegmentSinkWriter}s, then one {@link ChangeAggregator}, then one {@link
 * SnapshotCommitter}, and a {@link MaintenanceOperator} that need not keep pace with it.
 *
 * <p>The records of each partition must reach one writer in order, and so must the versions of each
 * id.
 */
public final class IndexSink
    implements Sink<PositionedFeature>,
        SupportsCommitter<PendingChange>,
        SupportsPreCommitTopology<PendingChange, PendingChange>,
        SupportsPostCommitTopology<PendingChange> {
  /** The one that {@code global()} sends everything to. */
  private static final int COMMITTING_SUBTASK = 0;

  private static final double ALL_MAY_BE_BAD = 1;

  private final StorageOpener opener;
  private final FeatureOrigin origin;
  private final long bufferBytes;
  private final double maxBadShare;
  private final StreamSettings.Maintenance maintenance;

  /** Whether operators have uids: all of them, this sink included, or none. */
  private final boolean withUids;

  private IndexSink(
      StorageOpener opener,
      FeatureOrigin origin,
      long bufferBytes,
      double maxBadShare,
      StreamSettings.Maintenance maintenance,
      boolean withUids) {
    this.opener = opener;
    this.origin = origin;
    this.bufferBytes = bufferBytes;
    this.maxBadShare = maxBadShare;
    this.maintenance = maintenance;
    this.withUids = withUids;
  }

  /**
   * One for what is read from topics.
   *
   * @param topicIds where the features come from
   */
  static IndexSink ofTopics(StorageOpener opener, TopicIds topicIds, StreamSettings settings) {
    return new IndexSink(
        opener,
        new FeatureOrigin.Kafka(topicIds, KafkaLag.Topics.of(settings.kafka())),
        settings.bufferBytes(),
        settings.kafka().maxBadShare(),
        settings.maintenance(),
        true);
  }

  /**
   * One for rows without positions: each subtask before a writer is a partition of its own, and
   * offsets there say in which order the rows came.
   *
   * @param bufferBytes how large the buffer of a subtask may become
   * @param withUids whether the sink is given a uid, and its operators are to have uids as well
   */
  public static IndexSink ofRows(
      StorageOpener opener,
      long bufferBytes,
      StreamSettings.Maintenance maintenance,
      boolean withUids) {
    return new IndexSink(
        opener, new FeatureOrigin.Rows(), bufferBytes, ALL_MAY_BE_BAD, maintenance, withUids);
  }

  @Override
  public CommittingSinkWriter<PositionedFeature, PendingChange> createWriter(
      WriterInitContext context) throws IOException {
    return new SegmentSinkWriter(opener.open(), bufferBytes);
  }

  /** Everything goes to one subtask, both of the aggregator and of the committer after it. */
  @Override
  public DataStream<CommittableMessage<PendingChange>> addPreCommitTopology(
      DataStream<CommittableMessage<PendingChange>> written) {
    SingleOutputStreamOperator<CommittableMessage<PendingChange>> merged =
        written
            .global()
            .transform(
                "merge",
                CommittableMessageTypeInfo.of(PendingChange.Serializer::new),
                new ChangeAggregator(maxBadShare, origin));
    return one(merged, "merge").global();
  }

  private <T> SingleOutputStreamOperator<T> one(
      SingleOutputStreamOperator<T> operator, String uid) {
    if (withUids) {
      operator.uid(uid);
    }
    return operator.setParallelism(1).setMaxParallelism(1);
  }

  @Override
  public Committer<PendingChange> createCommitter(CommitterInitContext context) throws IOException {
    // What the others would say of the index is what it was when they started.
    Optional<MetricGroup> group =
        context.getTaskInfo().getIndexOfThisSubtask() == COMMITTING_SUBTASK
            ? Optional.of(context.metricGroup())
            : Optional.empty();
    return new SnapshotCommitter(opener.open(), origin, group);
  }

  @Override
  public void addPostCommitTopology(DataStream<CommittableMessage<PendingChange>> published) {
    if (maintenance.enabled()) {
      one(
          published
              .global()
              .transform("maintenance", Types.VOID, new MaintenanceOperator(opener, maintenance)),
          "maintenance");
    }
  }

  @Override
  public SimpleVersionedSerializer<PendingChange> getWriteResultSerializer() {
    return new PendingChange.Serializer();
  }

  @Override
  public SimpleVersionedSerializer<PendingChange> getCommittableSerializer() {
    return new PendingChange.Serializer();
  }
}
