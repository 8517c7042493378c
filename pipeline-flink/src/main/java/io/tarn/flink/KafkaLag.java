package io.tarn.flink;

import io.tarn.flink.StreamSettings.Kafka;
import io.tarn.index.snapshot.OffsetRange;
import io.tarn.index.snapshot.Snapshot;
import java.io.Serializable;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Properties;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.ListOffsetsOptions;
import org.apache.kafka.clients.admin.ListOffsetsResult.ListOffsetsResultInfo;
import org.apache.kafka.clients.admin.OffsetSpec;
import org.apache.kafka.clients.consumer.ConsumerConfig;
import org.apache.kafka.common.IsolationLevel;
import org.apache.kafka.common.TopicPartition;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * How far an index is behind its topics. Flink's own lag is that of the reader; what has been read
 * is not in the index yet. Kafka is asked every {@value #INTERVAL_MS} ms, in a thread of its own:
 * neither commits nor whoever looks at metrics wait for it.
 */
final class KafkaLag implements AutoCloseable {
  /** The lag, as long as Kafka has not said where its topics end. */
  static final long UNKNOWN = -1;

  private static final Logger LOG = LoggerFactory.getLogger(KafkaLag.class);
  private static final long INTERVAL_MS = 5_000;
  private static final long ANSWER_LIMIT_MS = 30_000;
  private static final Duration CLOSE_LIMIT = Duration.ofSeconds(5);

  private final Topics topics;
  private final Admin admin;
  private final ScheduledExecutorService asking;
  private volatile Map<TopicPartition, Extent> extents = Map.of();

  /**
   * The topics of a job, and how to ask for them.
   *
   * @param adminProperties how to reach Kafka
   * @param isolation whether records of open transactions count
   */
  record Topics(Properties adminProperties, ArrayList<String> names, IsolationLevel isolation)
      implements Serializable {
    static Topics of(Kafka kafka) {
      String isolation =
          kafka
              .properties()
              .getOrDefault(ConsumerConfig.ISOLATION_LEVEL_CONFIG, "read_committed")
              .toUpperCase(Locale.ROOT);
      return new Topics(
          KafkaTopics.adminProperties(kafka),
          new ArrayList<>(kafka.topics()),
          IsolationLevel.valueOf(isolation));
    }
  }

  /** The offsets of the first record of a partition, and of the one that will follow the last. */
  private record Extent(long first, long next) {}

  /** Begins to ask. */
  KafkaLag(Topics topics) {
    this.topics = topics;
    this.admin = Admin.create(topics.adminProperties());
    this.asking =
        Executors.newSingleThreadScheduledExecutor(
            task -> {
              Thread thread = new Thread(task, "tarn-kafka-lag");
              thread.setDaemon(true);
              return thread;
            });
    var unused = asking.scheduleWithFixedDelay(this::ask, 0, INTERVAL_MS, TimeUnit.MILLISECONDS);
  }

  /**
   * How many offsets lie between what the snapshot holds and the ends of the topics. Offsets at
   * which there is no record (markers of transactions, compaction) count as well.
   *
   * @return {@link #UNKNOWN} while Kafka does not answer
   */
  long behind(Snapshot snapshot) {
    Map<TopicPartition, Extent> known = extents;
    if (known.isEmpty()) {
      return UNKNOWN;
    }
    TakenPositions taken = new TakenPositions(snapshot);
    long lag = 0;
    for (Map.Entry<TopicPartition, Extent> entry : known.entrySet()) {
      TopicPartition partition = entry.getKey();
      Extent extent = entry.getValue();
      long next = taken.next(TakenPositions.sourceName(partition.topic()), partition.partition());
      long from = next == OffsetRange.UNKNOWN ? extent.first() : Math.max(next, extent.first());
      lag += Math.max(0, extent.next() - from);
    }
    return lag;
  }

  private void ask() {
    try {
      List<TopicPartition> partitions = partitions();
      Map<TopicPartition, Long> first = offsets(partitions, OffsetSpec.earliest());
      Map<TopicPartition, Long> next = offsets(partitions, OffsetSpec.latest());
      Map<TopicPartition, Extent> now = new HashMap<>();
      partitions.forEach(p -> now.put(p, new Extent(first.get(p), next.get(p))));
      extents = now;
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    } catch (ExecutionException | TimeoutException | RuntimeException e) {
      // A schedule ends with its first exception; and a lag that is not known stops nothing.
      extents = Map.of();
      LOG.info("Kafka does not say where its topics end; the lag is not known: {}", e.getMessage());
    }
  }

  private List<TopicPartition> partitions()
      throws InterruptedException, ExecutionException, TimeoutException {
    List<TopicPartition> partitions = new ArrayList<>();
    admin
        .describeTopics(topics.names())
        .allTopicNames()
        .get(ANSWER_LIMIT_MS, TimeUnit.MILLISECONDS)
        .forEach(
            (name, topic) ->
                topic
                    .partitions()
                    .forEach(p -> partitions.add(new TopicPartition(name, p.partition()))));
    return partitions;
  }

  private Map<TopicPartition, Long> offsets(List<TopicPartition> partitions, OffsetSpec spec)
      throws InterruptedException, ExecutionException, TimeoutException {
    Map<TopicPartition, OffsetSpec> wanted = new HashMap<>();
    partitions.forEach(partition -> wanted.put(partition, spec));
    Map<TopicPartition, ListOffsetsResultInfo> answers =
        admin
            .listOffsets(wanted, new ListOffsetsOptions(topics.isolation()))
            .all()
            .get(ANSWER_LIMIT_MS, TimeUnit.MILLISECONDS);
    Map<TopicPartition, Long> offsets = new HashMap<>();
    answers.forEach((partition, answer) -> offsets.put(partition, answer.offset()));
    return offsets;
  }

  @Override
  public void close() {
    asking.shutdownNow();
    admin.close(CLOSE_LIMIT);
  }
}
