package io.tarn.flink;

import static java.nio.charset.StandardCharsets.UTF_8;

import io.tarn.flink.TestTopic.Version;
import io.tarn.index.feature.FeatureId;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.SortedMap;
import java.util.TreeMap;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.consumer.Consumer;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;

/**
 * What an index that reads a topic of {@link RandomRecords} must hold, computed by reading the
 * topic's committed records into a map, by what their headers say.
 */
final class TopicContent implements AutoCloseable {
  private static final long LIMIT_MS = 60_000;

  /** One record, by where it is. */
  record Place(int partition, long offset) {}

  private final Consumer<byte[], byte[]> consumer;
  private final Admin admin;
  private final String topic;
  private final Map<FeatureId, Version> newest = new HashMap<>();
  private final Set<String> written = new HashSet<>();
  private final Set<Place> bad = new HashSet<>();
  private final SortedMap<Integer, Long> positions = new TreeMap<>();
  private long records;

  TopicContent(String bootstrapServers, String topic) {
    this.topic = topic;
    this.admin = Admin.create(Map.of("bootstrap.servers", bootstrapServers));
    this.consumer =
        new KafkaConsumer<>(
            Map.of(
                "bootstrap.servers",
                bootstrapServers,
                "isolation.level",
                "read_committed",
                "auto.offset.reset",
                "earliest",
                "metadata.max.age.ms",
                "500"),
            new ByteArrayDeserializer(),
            new ByteArrayDeserializer());
  }

  /** Reads what has come since, to the end; no transaction may be open. */
  void readOn(int partitions) {
    List<TopicPartition> all = new ArrayList<>();
    for (int partition = 0; partition < partitions; partition++) {
      all.add(new TopicPartition(topic, partition));
    }
    if (consumer.assignment().size() < partitions) {
      Map<TopicPartition, Long> reached = new HashMap<>();
      consumer.assignment().forEach(p -> reached.put(p, consumer.position(p)));
      consumer.assign(all);
      reached.forEach(consumer::seek);
    }
    Map<TopicPartition, Long> ends = awaitEndOfTransactions(all);
    Waiting.until(
        "topic " + topic + " is read",
        LIMIT_MS,
        () -> {
          consumer.poll(Duration.ofMillis(50)).forEach(this::take);
          return all.stream().allMatch(p -> consumer.position(p) >= ends.get(p));
        });
  }

  /** A transaction still counts as open for a while after its producer was told of its end. */
  private Map<TopicPartition, Long> awaitEndOfTransactions(List<TopicPartition> all) {
    Waiting.until(
        "no transaction is open",
        LIMIT_MS,
        () -> consumer.endOffsets(all).equals(TestTopic.endOffsets(admin, topic)));
    return consumer.endOffsets(all);
  }

  private void take(ConsumerRecord<byte[], byte[]> record) {
    records++;
    positions.put(record.partition(), record.offset() + 1);
    String meaning = new String(record.headers().lastHeader(RandomRecords.MEANING).value(), UTF_8);
    String[] words = meaning.split(" ");
    if (words[0].equals("bad")) {
      bad.add(new Place(record.partition(), record.offset()));
      return;
    }
    FeatureId id = FeatureId.of(new String(record.key(), UTF_8));
    long order = Long.parseLong(words[1]);
    float[] vector = words[0].equals("delete") ? null : parse(words[2].split(","));
    written.add(row(id, record.offset(), order));
    newest.merge(
        id, new Version(vector, order), (old, added) -> added.order() >= old.order() ? added : old);
  }

  private static float[] parse(String[] numbers) {
    float[] vector = new float[numbers.length];
    for (int i = 0; i < vector.length; i++) {
      vector[i] = Float.parseFloat(numbers[i]);
    }
    return vector;
  }

  /** How a good record can be told from all others: an id is in one partition only. */
  static String row(FeatureId id, long offset, long order) {
    return id + " at " + offset + " of order " + order;
  }

  /** The good records read so far, as {@link #row} says. */
  Set<String> written() {
    return written;
  }

  Set<Place> bad() {
    return bad;
  }

  long records() {
    return records;
  }

  /** By partition, the offset after the last record that can be seen. */
  SortedMap<Integer, Long> positions() {
    return positions;
  }

  Map<FeatureId, Version> live() {
    Map<FeatureId, Version> live = new HashMap<>(newest);
    live.values().removeIf(version -> version.vector() == null);
    return live;
  }

  @Override
  public void close() {
    consumer.close();
    admin.close();
  }
}
