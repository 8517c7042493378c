package io.tarn.flink;

import org.apache.flink.streaming.api.connector.sink2.CommittableMessage;
import org.apache.flink.streaming.api.operators.AbstractStreamOperator;
import org.apache.flink.streaming.api.operators.OneInputStreamOperator;
import org.apache.flink.streaming.runtime.streamrecord.StreamRecord;

/**
 * Comes after the committer and has the index kept in shape, by a thread of its own: neither
 * records nor checkpoints wait for it. It keeps no state, as all it goes by is in the index.
 */
final class MaintenanceOperator extends AbstractStreamOperator<Void>
    implements OneInputStreamOperator<CommittableMessage<PendingChange>, Void> {
  private static final long serialVersionUID = 1;

  private final StorageOpener opener;
  private final StreamSettings.Maintenance settings;
  private transient MaintenanceThread thread;

  MaintenanceOperator(StorageOpener opener, StreamSettings.Maintenance settings) {
    this.opener = opener;
    this.settings = settings;
  }

  @Override
  public void open() throws Exception {
    super.open();
    thread = MaintenanceThread.start(opener.open(), settings, getMetricGroup());
  }

  @Override
  public void processElement(StreamRecord<CommittableMessage<PendingChange>> published) {
    thread.look();
  }

  @Override
  public void close() throws Exception {
    if (thread != null) {
      thread.close();
    }
    super.close();
  }
}
