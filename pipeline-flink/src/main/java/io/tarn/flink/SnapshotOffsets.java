package io.tarn.flink;

import io.tarn.index.commit.SnapshotLog;
import io.tarn.index.snapshot.OffsetRange;
import io.tarn.index.storage.Storage;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.Collection;
import java.util.HashMap;
import java.util.Map;
import org.apache.flink.connector.kafka.source.enumerator.initializer.OffsetsInitializer;
import org.apache.flink.connector.kafka.source.split.KafkaPartitionSplit;
import org.apache.flink.runtime.execution.SuppressRestartsException;
import org.apache.kafka.clients.consumer.OffsetResetStrategy;
import org.apache.kafka.common.TopicPartition;

/**
 * Where a job without state begins to read: after what the newest snapshot holds, and at the
 * beginning of partitions it does not know. The offsets that the consumer group committed to Kafka
 * are no measure: they may be of another index, or of records that were never published.
 */
final class SnapshotOffsets implements OffsetsInitializer {
  private final StorageOpener opener;

  SnapshotOffsets(StorageOpener opener) {
    this.opener = opener;
  }

  @Override
  public Map<TopicPartition, Long> getPartitionOffsets(
      Collection<TopicPartition> partitions, PartitionOffsetsRetriever kafka) {
    TakenPositions taken = readSnapshot();
    Map<TopicPartition, Long> starts = new HashMap<>();
    Map<TopicPartition, Long> known = new HashMap<>();
    for (TopicPartition partition : partitions) {
      long next = taken.next(TakenPositions.sourceName(partition.topic()), partition.partition());
      if (next == OffsetRange.UNKNOWN) {
        starts.put(partition, KafkaPartitionSplit.EARLIEST_OFFSET);
      } else {
        known.put(partition, next);
      }
    }
    check(known, kafka);
    starts.putAll(known);
    return starts;
  }

  private TakenPositions readSnapshot() {
    try (Storage storage = opener.open()) {
      return new TakenPositions(new SnapshotLog(storage).newest());
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** Kafka itself would read on from another offset, or fail without saying what it means. */
  private static void check(Map<TopicPartition, Long> starts, PartitionOffsetsRetriever kafka) {
    Map<TopicPartition, Long> ends = kafka.endOffsets(starts.keySet());
    Map<TopicPartition, Long> beginnings = kafka.beginningOffsets(starts.keySet());
    starts.forEach(
        (partition, start) -> {
          if (start > ends.get(partition)) {
            throw refusal(
                "the index has read %s up to offset %d, but the partition ends at %d: the topic"
                    + " was deleted and made anew, or its broker lost records. Give the topic"
                    + " another name, or build a new index",
                partition, start, ends.get(partition));
          }
          if (start < beginnings.get(partition)) {
            throw refusal(
                "the index has read %s up to offset %d, but the partition begins at %d: records in"
                    + " between were removed before they were read. Build a new index, and let the"
                    + " topic keep its records for longer",
                partition, start, beginnings.get(partition));
          }
        });
  }

  private static RuntimeException refusal(
      String format, TopicPartition partition, long start, long bound) {
    // No restart makes the records come back.
    return new SuppressRestartsException(
        new IllegalStateException(String.format(format, partition, start, bound)));
  }

  /** Deprecated in Kafka, yet what the connector asks for. */
  @Override
  @SuppressWarnings("deprecation")
  public OffsetResetStrategy getAutoOffsetResetStrategy() {
    return OffsetResetStrategy.NONE;
  }
}
