package io.tarn.flink;

import io.tarn.index.snapshot.WriterRuns;
import java.io.Serializable;
import java.time.InstantSource;
import java.util.Optional;

/** Where the features of a sink come from, and by what the index is to know those it has. */
sealed interface FeatureOrigin extends Serializable {

  /** What makes changes of features from here. */
  ChangeMerger merger();

  /** What is to be asked before each commit whether the source is still the same. */
  Optional<TopicIds.Guard> guard();

  /** The topics the features are read from. */
  Optional<KafkaLag.Topics> topics();

  /**
   * Topics: the offsets of records are the positions.
   *
   * @param ids which topics these are
   * @param read how to see where they end
   */
  record Kafka(TopicIds ids, KafkaLag.Topics read) implements FeatureOrigin {
    @Override
    public ChangeMerger merger() {
      return new ChangeMerger(ids.bySource());
    }

    @Override
    public Optional<TopicIds.Guard> guard() {
      return Optional.of(ids.guard());
    }

    @Override
    public Optional<KafkaLag.Topics> topics() {
      return Optional.of(read);
    }
  }

  /**
   * Rows without positions. What they are written with numbers its changes, anew each time that it
   * starts: a number given out before a failure may have gone to a checkpoint that never was.
   */
  record Rows() implements FeatureOrigin {
    @Override
    public ChangeMerger merger() {
      return ChangeMerger.numbering(WriterRuns.newRun(), InstantSource.system());
    }

    @Override
    public Optional<TopicIds.Guard> guard() {
      return Optional.empty();
    }

    @Override
    public Optional<KafkaLag.Topics> topics() {
      return Optional.empty();
    }
  }
}
