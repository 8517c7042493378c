package io.tarn.flink;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Future;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.Producer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.clients.producer.RecordMetadata;
import org.apache.kafka.common.serialization.ByteArraySerializer;

/**
 * Writes records of all kinds to a topic: new versions of ids, late ones, deletes, duplicates, the
 * same order twice, and bad ones. Each says in a header what it means, for {@link TopicContent}.
 */
final class RandomRecords implements AutoCloseable {
  /** What a record means: {@code upsert ORDER X,Y,…}, {@code delete ORDER} or {@code bad}. */
  static final String MEANING = "meaning";

  private static final int IDS = 150;
  private static final int MAX_LATENESS = 200;
  private static final List<String> BAD =
      List.of(
          "nonsense",
          "{}",
          "{\"vector\":[1,2,3]}",
          "{\"vector\":[1,2,3,\"x\"]}",
          "{\"op\":\"replace\",\"vector\":[1,2,3,4]}");

  private final String bootstrapServers;
  private final String topic;
  private final Random random;
  private final Producer<byte[], byte[]> plain;
  private final List<Future<RecordMetadata>> sent = new ArrayList<>();

  /** An id stays in its partition when others are added, as equal orders need. */
  private final Map<String, Integer> partitionById = new HashMap<>();

  private final Map<String, Sent> lastById = new HashMap<>();
  private Producer<byte[], byte[]> producer;
  private int partitions;
  private int ids = IDS;

  /** Not in the past: the broker removes what is older than its retention, at any moment. */
  private long clockMs = System.currentTimeMillis();

  private record Sent(byte[] value, long order, long timestampMs, String meaning) {}

  RandomRecords(String bootstrapServers, String topic, int partitions, Random random) {
    this.bootstrapServers = bootstrapServers;
    this.topic = topic;
    this.partitions = partitions;
    this.random = random;
    this.plain = producer(Map.of());
    this.producer = plain;
  }

  /** Ids that are new from now on may lie in more partitions. */
  void partitionsAdded(int total) {
    partitions = total;
    ids += IDS / 4;
  }

  void send(int count) {
    for (int i = 0; i < count; i++) {
      sendOne();
    }
  }

  /** Returns once the broker has all. */
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

  /** Sends in a transaction, which is committed or aborted, with more records on both sides. */
  void sendInTransaction(int count, boolean commit) {
    flush();
    // Aborted records have never been: neither may duplicates of them be sent as such.
    Map<String, Sent> before = new HashMap<>(lastById);
    try (Producer<byte[], byte[]> transactional = producer(Map.of("transactional.id", topic))) {
      transactional.initTransactions();
      transactional.beginTransaction();
      producer = transactional;
      send(count);
      flush();
      producer = plain;
      // Readers of committed records have to wait before these, until the transaction ends.
      send(count);
      flush();
      if (commit) {
        transactional.commitTransaction();
      } else {
        transactional.abortTransaction();
        lastById.clear();
        lastById.putAll(before);
      }
    } finally {
      producer = plain;
    }
  }

  private void sendOne() {
    String id = "id-" + random.nextInt(ids);
    Sent last = lastById.get(id);
    clockMs++;
    int kind = random.nextInt(20);
    if (kind == 0) {
      send(id, new Sent(BAD.get(random.nextInt(BAD.size())).getBytes(UTF_8), 0, clockMs, "bad"));
    } else if (kind == 1 && last != null) {
      send(id, last);
    } else if (kind == 2 && last != null) {
      remember(id, upsert(last.order));
    } else if (kind == 3) {
      remember(id, new Sent(null, clockMs, clockMs, "delete " + clockMs));
    } else if (kind == 4) {
      remember(id, delete(clockMs - random.nextInt(MAX_LATENESS)));
    } else if (kind < 9) {
      remember(id, upsert(clockMs - random.nextInt(MAX_LATENESS)));
    } else {
      remember(id, upsert(clockMs));
    }
  }

  private Sent upsert(long order) {
    float[] vector = new float[TestIndex.DIMENSION];
    for (int i = 0; i < vector.length; i++) {
      vector[i] = random.nextFloat();
    }
    String numbers = Arrays.toString(vector).replace(" ", "");
    String value = "{\"vector\":" + numbers + ",\"order\":" + order + "}";
    String meaning = "upsert " + order + " " + numbers.substring(1, numbers.length() - 1);
    return new Sent(value.getBytes(UTF_8), order, clockMs, meaning);
  }

  private Sent delete(long order) {
    String value = "{\"op\":\"delete\",\"order\":" + order + "}";
    return new Sent(value.getBytes(UTF_8), order, clockMs, "delete " + order);
  }

  private void remember(String id, Sent record) {
    lastById.put(id, record);
    send(id, record);
  }

  private void send(String id, Sent sending) {
    int partition = partitionById.computeIfAbsent(id, unused -> random.nextInt(partitions));
    ProducerRecord<byte[], byte[]> record =
        new ProducerRecord<>(
            topic, partition, sending.timestampMs, id.getBytes(UTF_8), sending.value);
    record.headers().add(MEANING, sending.meaning.getBytes(UTF_8));
    sent.add(producer.send(record));
  }

  private Producer<byte[], byte[]> producer(Map<String, String> properties) {
    Map<String, Object> all = new HashMap<>(properties);
    all.put("bootstrap.servers", bootstrapServers);
    all.put("metadata.max.age.ms", "500");
    return new KafkaProducer<>(all, new ByteArraySerializer(), new ByteArraySerializer());
  }

  @Override
  public void close() {
    plain.close();
  }
}
