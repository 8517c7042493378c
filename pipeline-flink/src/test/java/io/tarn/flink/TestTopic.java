package io.tarn.flink;

import static java.nio.charset.StandardCharsets.UTF_8;

import io.tarn.index.feature.FeatureId;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Future;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.OffsetSpec;
import org.apache.kafka.clients.consumer.Consumer;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.Producer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.clients.producer.RecordMetadata;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;
import org.apache.kafka.common.serialization.ByteArraySerializer;

/**
 * Writes to a topic, and keeps by the plainest means what an index that reads it must hold: a map
 * in which the largest order wins, and of equal ones the later record.
 */
final class TestTopic implements AutoCloseable {
  private static final long LIMIT_MS = 30_000;

  /** The newest version of an id; a delete has no vector. */
  record Version(float[] vector, long order) {}

  final String name;
  private final Admin admin;
  private final String bootstrapServers;
  private Producer<byte[], byte[]> producer;
  private final List<Future<RecordMetadata>> sent = new ArrayList<>();
  private final Map<FeatureId, Version> newest = new HashMap<>();

  /** Not in the past: the broker removes what is older than its retention, at any moment. */
  private long clockMs = System.currentTimeMillis();

  TestTopic(String bootstrapServers, String name) {
    this.admin = admin(bootstrapServers);
    this.name = name;
    this.bootstrapServers = bootstrapServers;
    this.producer = producer(bootstrapServers, Map.of());
  }

  /** An upsert whose order is the record's timestamp, later than all before. */
  void upsert(String id, float... vector) {
    long timestampMs = send(id, "{\"vector\":" + Arrays.toString(vector) + "}");
    expect(id, vector, timestampMs);
  }

  void upsertAt(long order, String id, float... vector) {
    send(id, "{\"vector\":" + Arrays.toString(vector) + ",\"order\":" + order + "}");
    expect(id, vector, order);
  }

  void delete(String id) {
    expect(id, null, send(id, null));
  }

  void deleteAt(long order, String id) {
    send(id, "{\"op\":\"delete\",\"order\":" + order + "}");
    expect(id, null, order);
  }

  /**
   * Sends a record of which nothing is expected unless {@link #expect} says so.
   *
   * @return its timestamp, later than all before
   */
  long send(String key, String value) {
    return send(
        key == null ? null : key.getBytes(UTF_8), value == null ? null : value.getBytes(UTF_8));
  }

  long send(byte[] key, byte[] value) {
    return send(null, key, value);
  }

  void sendTo(int partition, String key, String value) {
    send(partition, key.getBytes(UTF_8), value.getBytes(UTF_8));
  }

  private long send(Integer partition, byte[] key, byte[] value) {
    clockMs++;
    sent.add(producer.send(new ProducerRecord<>(name, partition, clockMs, key, value)));
    return clockMs;
  }

  void expect(String id, float[] vector, long order) {
    newest.merge(
        FeatureId.of(id),
        new Version(vector, order),
        (old, added) -> added.order >= old.order ? added : old);
  }

  /** Sends in a transaction of its own, which is committed or aborted. */
  void inTransaction(boolean commit, Runnable sends) {
    Producer<byte[], byte[]> plain = producer;
    try (Producer<byte[], byte[]> transactional =
        producer(bootstrapServers, Map.of("transactional.id", name))) {
      transactional.initTransactions();
      transactional.beginTransaction();
      producer = transactional;
      sends.run();
      flush();
      if (commit) {
        transactional.commitTransaction();
      } else {
        transactional.abortTransaction();
      }
    } finally {
      producer = plain;
    }
  }

  private static Producer<byte[], byte[]> producer(
      String bootstrapServers, Map<String, String> properties) {
    Map<String, Object> all = new HashMap<>(properties);
    all.put("bootstrap.servers", bootstrapServers);
    all.put("metadata.max.age.ms", "500");
    return new KafkaProducer<>(all, new ByteArraySerializer(), new ByteArraySerializer());
  }

  /** Returns once Kafka has everything that was sent. */
  void flush() {
    producer.flush();
    try {
      for (Future<RecordMetadata> each : sent) {
        each.get();
      }
    } catch (ExecutionException | InterruptedException e) {
      throw new AssertionError("Kafka did not take a record", e);
    }
    sent.clear();
  }

  Map<FeatureId, Version> live() {
    Map<FeatureId, Version> live = new HashMap<>(newest);
    live.values().removeIf(version -> version.vector == null);
    return live;
  }

  /** Returns once the producer writes to that many partitions. */
  void awaitPartitions(int count) {
    Waiting.until(
        name + " has " + count + " partitions",
        LIMIT_MS,
        () -> producer.partitionsFor(name).size() == count);
  }

  /** By partition, of those that have records. */
  SortedMap<Integer, Long> endOffsets() {
    SortedMap<Integer, Long> ends = new TreeMap<>();
    endOffsets(admin, name).forEach((partition, end) -> ends.put(partition.partition(), end));
    ends.values().removeIf(end -> end == 0);
    return ends;
  }

  /** Everything the topic holds, by partition and offset. */
  static List<ConsumerRecord<byte[], byte[]>> read(String bootstrapServers, String topic) {
    try (Admin admin = admin(bootstrapServers);
        Consumer<byte[], byte[]> consumer =
            new KafkaConsumer<>(
                Map.of("bootstrap.servers", bootstrapServers),
                new ByteArrayDeserializer(),
                new ByteArrayDeserializer())) {
      Map<TopicPartition, Long> ends = endOffsets(admin, topic);
      consumer.assign(ends.keySet());
      consumer.seekToBeginning(ends.keySet());
      List<ConsumerRecord<byte[], byte[]>> records = new ArrayList<>();
      Waiting.until(
          "topic " + topic + " is read",
          LIMIT_MS,
          () -> {
            consumer.poll(Duration.ofMillis(50)).forEach(records::add);
            return ends.keySet().stream().allMatch(p -> consumer.position(p) >= ends.get(p));
          });
      return records;
    }
  }

  /** By partition, the offset that the next record will have. */
  static Map<TopicPartition, Long> endOffsets(Admin admin, String topic) {
    try {
      Map<TopicPartition, OffsetSpec> wanted = new HashMap<>();
      admin
          .describeTopics(List.of(topic))
          .allTopicNames()
          .get()
          .get(topic)
          .partitions()
          .forEach(p -> wanted.put(new TopicPartition(topic, p.partition()), OffsetSpec.latest()));
      Map<TopicPartition, Long> ends = new HashMap<>();
      admin
          .listOffsets(wanted)
          .all()
          .get()
          .forEach((partition, result) -> ends.put(partition, result.offset()));
      return ends;
    } catch (ExecutionException | InterruptedException e) {
      throw new AssertionError("Kafka does not say where topic " + topic + " ends", e);
    }
  }

  private static Admin admin(String bootstrapServers) {
    return Admin.create(Map.of("bootstrap.servers", bootstrapServers));
  }

  @Override
  public void close() {
    producer.close();
    admin.close();
  }
}
