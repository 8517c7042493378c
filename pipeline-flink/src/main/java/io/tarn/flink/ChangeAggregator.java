package io.tarn.flink;

import java.util.ArrayList;
import java.util.List;
import org.apache.flink.api.common.state.ListState;
import org.apache.flink.api.common.state.ListStateDescriptor;
import org.apache.flink.api.common.typeinfo.Types;
import org.apache.flink.api.java.tuple.Tuple3;
import org.apache.flink.runtime.state.StateInitializationContext;
import org.apache.flink.runtime.state.StateSnapshotContext;
import org.apache.flink.streaming.api.connector.sink2.CommittableMessage;
import org.apache.flink.streaming.api.connector.sink2.CommittableSummary;
import org.apache.flink.streaming.api.connector.sink2.CommittableWithLineage;
import org.apache.flink.streaming.api.operators.AbstractStreamOperator;
import org.apache.flink.streaming.api.operators.OneInputStreamOperator;
import org.apache.flink.streaming.runtime.streamrecord.StreamRecord;

/**
 * The one place through which everything written passes between the parallel writers and the
 * committer: at each checkpoint it hands on one change.
 *
 * <p>What a writer sends for a checkpoint arrives before that checkpoint's barrier, so that nothing
 * is left to be kept in state but the positions. A checkpoint that was given up after some writers
 * had sent their part is made up for by the next one.
 */
final class ChangeAggregator extends AbstractStreamOperator<CommittableMessage<PendingChange>>
    implements OneInputStreamOperator<
        CommittableMessage<PendingChange>, CommittableMessage<PendingChange>> {
  private static final ListStateDescriptor<Tuple3<String, Integer, Long>> POSITIONS =
      new ListStateDescriptor<>("positions", Types.TUPLE(Types.STRING, Types.INT, Types.LONG));

  private final double maxBadShare;
  private final FeatureOrigin origin;

  private transient ChangeMerger merger;
  private transient BadShare badShare;
  private transient ListState<Tuple3<String, Integer, Long>> positions;
  private transient long lastCheckpointId;

  /**
   * @param maxBadShare the largest share of bad records with which the job goes on
   * @param origin where the records come from
   */
  ChangeAggregator(double maxBadShare, FeatureOrigin origin) {
    this.maxBadShare = maxBadShare;
    this.origin = origin;
  }

  @Override
  public void initializeState(StateInitializationContext context) throws Exception {
    super.initializeState(context);
    merger = origin.merger();
    badShare = new BadShare(maxBadShare);
    lastCheckpointId = context.getRestoredCheckpointId().orElse(0);
    positions = context.getOperatorStateStore().getListState(POSITIONS);
    for (Tuple3<String, Integer, Long> position : positions.get()) {
      merger.restore(position.f0, position.f1, position.f2);
    }
  }

  @Override
  public void processElement(StreamRecord<CommittableMessage<PendingChange>> element) {
    if (element.getValue() instanceof CommittableWithLineage<PendingChange> written) {
      merger.add(written.getCommittable());
    }
  }

  @Override
  public void prepareSnapshotPreBarrier(long checkpointId) throws Exception {
    super.prepareSnapshotPreBarrier(checkpointId);
    lastCheckpointId = checkpointId;
    handOn(checkpointId, false);
  }

  @Override
  public void snapshotState(StateSnapshotContext context) throws Exception {
    super.snapshotState(context);
    List<Tuple3<String, Integer, Long>> reached = new ArrayList<>();
    merger
        .reached()
        .forEach(
            (source, partitions) ->
                partitions.forEach(
                    (partition, next) -> reached.add(Tuple3.of(source, partition, next))));
    positions.update(reached);
  }

  /** At the end of a bounded topic the last checkpoint comes after the end of the input. */
  @Override
  public void finish() throws Exception {
    super.finish();
    handOn(lastCheckpointId + 1, true);
  }

  private void handOn(long checkpointId, boolean isEnd) {
    List<PendingChange> changes = merger.drain();
    badShare.add(
        changes.stream().mapToLong(PendingChange::records).sum(),
        changes.stream().mapToLong(PendingChange::badRecords).sum(),
        isEnd);
    if (changes.isEmpty()) {
      return;
    }
    int subtask = getRuntimeContext().getTaskInfo().getIndexOfThisSubtask();
    int subtasks = getRuntimeContext().getTaskInfo().getNumberOfParallelSubtasks();
    output.collect(
        new StreamRecord<>(
            new CommittableSummary<>(subtask, subtasks, checkpointId, changes.size(), 0)));
    for (PendingChange change : changes) {
      output.collect(
          new StreamRecord<>(new CommittableWithLineage<>(change, checkpointId, subtask)));
    }
  }
}
