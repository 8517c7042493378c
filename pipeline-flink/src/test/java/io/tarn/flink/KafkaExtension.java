package io.tarn.flink;

import io.tarn.kafka.EmbeddedKafka;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.atomic.AtomicInteger;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.NewPartitions;
import org.apache.kafka.clients.admin.OffsetSpec;
import org.apache.kafka.clients.admin.RecordsToDelete;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.errors.TopicExistsException;
import org.junit.jupiter.api.extension.BeforeAllCallback;
import org.junit.jupiter.api.extension.ExtensionContext;
import org.junit.jupiter.api.extension.ExtensionContext.Namespace;

/** One broker for all tests of the module; each test makes topics of its own. */
public final class KafkaExtension implements BeforeAllCallback {
  private static final AtomicInteger TOPICS = new AtomicInteger();

  private static final long LIMIT_MS = 30_000;

  private EmbeddedKafka kafka;

  /** The store closes what can be closed, after the last class. */
  @Override
  public void beforeAll(ExtensionContext context) {
    kafka =
        context
            .getRoot()
            .getStore(Namespace.create(KafkaExtension.class))
            .computeIfAbsent("broker", unused -> EmbeddedKafka.start(), EmbeddedKafka.class);
  }

  public String bootstrapServers() {
    return kafka.bootstrapServers();
  }

  TestTopic topic(int partitions) {
    return new TestTopic(kafka.bootstrapServers(), newTopic("features", partitions));
  }

  /** Makes a topic of a new name that begins with the given one. */
  public String newTopic(String prefix, int partitions) {
    String name = prefix + "-" + TOPICS.incrementAndGet();
    kafka.createTopic(name, partitions);
    return name;
  }

  /** Does what retention does: removes the records before the given offsets. */
  void removeRecords(String topic, Map<Integer, Long> before) throws Exception {
    Map<TopicPartition, RecordsToDelete> removed = new HashMap<>();
    before.forEach(
        (partition, offset) ->
            removed.put(
                new TopicPartition(topic, partition), RecordsToDelete.beforeOffset(offset)));
    try (Admin admin = admin()) {
      admin.deleteRecords(removed).all().get();
    }
  }

  /** Deletes a topic and creates an empty one of its name. */
  TestTopic recreate(String topic) throws Exception {
    try (Admin admin = admin()) {
      admin.deleteTopics(List.of(topic)).all().get();
    }
    Waiting.until(
        "topic " + topic + " is made anew",
        LIMIT_MS,
        () -> {
          try {
            kafka.createTopic(topic, 1);
            return true;
          } catch (TopicExistsException e) {
            return false;
          }
        });
    return new TestTopic(kafka.bootstrapServers(), topic);
  }

  void addPartitions(String topic, int total) throws Exception {
    try (Admin admin = admin()) {
      admin.createPartitions(Map.of(topic, NewPartitions.increaseTo(total))).all().get();
      Map<TopicPartition, OffsetSpec> all = new HashMap<>();
      for (int partition = 0; partition < total; partition++) {
        all.put(new TopicPartition(topic, partition), OffsetSpec.latest());
      }
      Waiting.until(
          "the broker leads all partitions of " + topic,
          LIMIT_MS,
          () -> {
            try {
              return admin.listOffsets(all).all().get().size() == total;
            } catch (ExecutionException e) {
              return false;
            }
          });
    }
  }

  private Admin admin() {
    return Admin.create(Map.of("bootstrap.servers", bootstrapServers()));
  }
}
