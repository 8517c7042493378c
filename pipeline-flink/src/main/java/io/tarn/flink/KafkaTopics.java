package io.tarn.flink;

import io.tarn.flink.StreamSettings.Kafka;
import java.io.IOException;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Properties;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.AdminClientConfig;
import org.apache.kafka.clients.admin.NewTopic;
import org.apache.kafka.clients.admin.OffsetSpec;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.KafkaFuture;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.config.TopicConfig;
import org.apache.kafka.common.errors.RetriableException;
import org.apache.kafka.common.errors.TopicExistsException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Makes sure, before the job starts, that Kafka is there and has the topics. */
final class KafkaTopics {
  private static final Logger LOG = LoggerFactory.getLogger(KafkaTopics.class);

  /** How long one try may last, and so how often the log says that Kafka is waited for. */
  private static final int TRY_MS = 5_000;

  private static final int POLL_MS = 20;

  private KafkaTopics() {}

  /**
   * Waits for Kafka, checks that the topics exist, and makes the dead-letter topic.
   *
   * @return the ids of the topics that are read
   * @throws IOException if Kafka does not answer in time, or a topic is missing
   */
  static TopicIds prepare(Kafka kafka) throws IOException, InterruptedException {
    try (Admin admin = Admin.create(adminProperties(kafka))) {
      Set<String> existing = awaitTopics(admin, kafka);
      Set<String> missing = new TreeSet<>(kafka.topics());
      missing.removeAll(existing);
      if (!missing.isEmpty()) {
        throw new IOException(
            "Kafka at "
                + kafka.bootstrapServers()
                + " has no topic "
                + String.join(", ", missing)
                + ": create it, or correct kafka.topics");
      }
      if (!existing.contains(kafka.deadLetterTopic())) {
        createDeadLetterTopic(admin, kafka);
      }
      return new TopicIds(
          adminProperties(kafka),
          TopicIds.of(get(admin.describeTopics(kafka.topics()).allTopicNames())));
    } catch (KafkaException e) {
      throw unusable(kafka, e);
    }
  }

  /** The properties that all of Kafka's clients get. */
  static Properties clientProperties(Kafka kafka) {
    Properties properties = new Properties();
    properties.putAll(kafka.properties());
    properties.put(AdminClientConfig.BOOTSTRAP_SERVERS_CONFIG, kafka.bootstrapServers());
    return properties;
  }

  /** The properties of clients that ask and are answered soon, or not at all. */
  static Properties adminProperties(Kafka kafka) {
    Properties properties = clientProperties(kafka);
    properties.put(AdminClientConfig.REQUEST_TIMEOUT_MS_CONFIG, TRY_MS);
    properties.put(AdminClientConfig.DEFAULT_API_TIMEOUT_MS_CONFIG, TRY_MS);
    return properties;
  }

  private static Set<String> awaitTopics(Admin admin, Kafka kafka)
      throws IOException, InterruptedException {
    long startedNs = System.nanoTime();
    while (true) {
      try {
        return get(admin.listTopics().names());
      } catch (RetriableException e) {
        long waitedMs = TimeUnit.NANOSECONDS.toMillis(System.nanoTime() - startedNs);
        if (waitedMs >= kafka.startTimeoutMs()) {
          throw new IOException(
              String.format(
                  "Kafka at %s has not answered for %d s (%s): start it, correct"
                      + " kafka.bootstrap-servers, or raise kafka.start-timeout-ms",
                  kafka.bootstrapServers(), waitedMs / 1000, e.getMessage()),
              e);
        }
        LOG.warn(
            "Kafka at {} does not answer ({}). Trying for another {} s",
            kafka.bootstrapServers(),
            e.getMessage(),
            (kafka.startTimeoutMs() - waitedMs) / 1000);
      }
    }
  }

  private static void createDeadLetterTopic(Admin admin, Kafka kafka) throws InterruptedException {
    NewTopic topic =
        new NewTopic(kafka.deadLetterTopic(), Optional.empty(), Optional.empty())
            // Whatever fitted its own topic fits here, with the headers it gets.
            .configs(
                Map.of(TopicConfig.MAX_MESSAGE_BYTES_CONFIG, String.valueOf(Integer.MAX_VALUE)));
    try {
      get(admin.createTopics(List.of(topic)).all());
      LOG.info("Created topic {} for dead letters", kafka.deadLetterTopic());
    } catch (TopicExistsException e) {
      LOG.debug("Another job was faster to create {}", kafka.deadLetterTopic());
    }
    awaitLeaders(admin, kafka.deadLetterTopic());
  }

  /**
   * The brokers learn of a topic after it was created. Should one refuse a producer's first batch
   * and take the second, the first would be out of sequence until it expires.
   */
  private static void awaitLeaders(Admin admin, String topic) throws InterruptedException {
    long deadlineNs = System.nanoTime() + TimeUnit.MILLISECONDS.toNanos(TRY_MS);
    while (true) {
      try {
        Map<TopicPartition, OffsetSpec> all = new HashMap<>();
        get(admin.describeTopics(List.of(topic)).allTopicNames())
            .get(topic)
            .partitions()
            .forEach(p -> all.put(new TopicPartition(topic, p.partition()), OffsetSpec.latest()));
        get(admin.listOffsets(all).all());
        return;
      } catch (RetriableException e) {
        if (System.nanoTime() > deadlineNs) {
          throw e;
        }
      }
      TimeUnit.MILLISECONDS.sleep(POLL_MS);
    }
  }

  /** Of nested exceptions the innermost says what is wrong. */
  private static IOException unusable(Kafka kafka, KafkaException e) {
    Throwable root = e;
    while (root.getCause() != null) {
      root = root.getCause();
    }
    return new IOException(
        "Kafka at " + kafka.bootstrapServers() + " cannot be used: " + root.getMessage(), e);
  }

  private static <T> T get(KafkaFuture<T> future) throws InterruptedException {
    try {
      return future.get();
    } catch (ExecutionException e) {
      throw e.getCause() instanceof KafkaException cause ? cause : new KafkaException(e.getCause());
    }
  }
}
