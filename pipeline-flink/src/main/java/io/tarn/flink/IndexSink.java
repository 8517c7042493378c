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

/**
 * Writes features into an index, one version per checkpoint that brought records, exactly once:
 * parallel {@link SegmentSinkWriter}s, then one {@link ChangeAggregator}, then one {@link
 * SnapshotCommitter}, and a {@link MaintenanceOperator} that need not keep pace with it.
 *
 * <p>Its input must come from the sources without a shuffle, so that each partition's records reach
 * one writer in order.
 */
final class IndexSink
    implements Sink<PositionedFeature>,
        SupportsCommitter<PendingChange>,
        SupportsPreCommitTopology<PendingChange, PendingChange>,
        SupportsPostCommitTopology<PendingChange> {
  /** The one that {@code global()} sends everything to. */
  private static final int COMMITTING_SUBTASK = 0;

  private final StorageOpener opener;
  private final TopicIds topicIds;
  private final KafkaLag.Topics topics;
  private final long bufferBytes;
  private final double maxBadShare;
  private final StreamSettings.Maintenance maintenance;

  /**
   * @param topicIds where the features come from
   */
  IndexSink(StorageOpener opener, TopicIds topicIds, StreamSettings settings) {
    this.opener = opener;
    this.topicIds = topicIds;
    this.topics = KafkaLag.Topics.of(settings.kafka());
    this.bufferBytes = settings.bufferBytes();
    this.maxBadShare = settings.kafka().maxBadShare();
    this.maintenance = settings.maintenance();
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
    return written
        .global()
        .transform(
            "merge",
            CommittableMessageTypeInfo.of(PendingChange.Serializer::new),
            new ChangeAggregator(maxBadShare, topicIds))
        .uid("merge")
        .setParallelism(1)
        .setMaxParallelism(1)
        .global();
  }

  @Override
  public Committer<PendingChange> createCommitter(CommitterInitContext context) throws IOException {
    // What the others would say of the index is what it was when they started.
    Optional<MetricGroup> group =
        context.getTaskInfo().getIndexOfThisSubtask() == COMMITTING_SUBTASK
            ? Optional.of(context.metricGroup())
            : Optional.empty();
    return new SnapshotCommitter(opener.open(), topicIds.guard(), topics, group);
  }

  @Override
  public void addPostCommitTopology(DataStream<CommittableMessage<PendingChange>> published) {
    if (maintenance.enabled()) {
      published
          .global()
          .transform("maintenance", Types.VOID, new MaintenanceOperator(opener, maintenance))
          .uid("maintenance")
          .setParallelism(1)
          .setMaxParallelism(1);
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
