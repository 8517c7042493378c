package io.tarn.cli.demo;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.tarn.cli.local.Cleanup;
import io.tarn.cli.local.LocalFlink;
import io.tarn.flink.StreamJob;
import io.tarn.flink.StreamSettings;
import io.tarn.index.snapshot.Snapshot;
import io.tarn.kafka.EmbeddedKafka;
import io.tarn.settings.Settings;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.concurrent.Future;
import java.util.stream.IntStream;
import org.apache.flink.streaming.api.environment.StreamExecutionEnvironment;
import org.apache.kafka.clients.consumer.ConsumerConfig;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerConfig;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.PartitionInfo;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.serialization.StringDeserializer;
import org.apache.kafka.common.serialization.StringSerializer;

/** A Kafka broker with a topic of changes, and the Flink job that folds it into the index. */
final class MethodStream {
  static final String TOPIC = "methods";
  static final String DEAD_LETTERS = "methods-set-aside";
  static final long CHECKPOINT_INTERVAL_MS = 1_000;

  private static final int PARTITIONS = 2;
  private static final String SOURCE = "kafka:" + TOPIC;
  private static final Duration POLL = Duration.ofMillis(500);
  private static final ObjectMapper JSON = new ObjectMapper();

  private final EmbeddedKafka kafka;
  private final KafkaProducer<String, String> producer;
  private final KafkaConsumer<String, String> consumer;
  private final List<Future<?>> sending = new ArrayList<>();
  private LocalFlink job;

  private MethodStream(
      EmbeddedKafka kafka,
      KafkaProducer<String, String> producer,
      KafkaConsumer<String, String> consumer) {
    this.kafka = kafka;
    this.producer = producer;
    this.consumer = consumer;
  }

  /** Starts the broker, with an empty topic. */
  static MethodStream startKafka(Cleanup cleanup) {
    EmbeddedKafka kafka = cleanup.add(EmbeddedKafka.start());
    kafka.createTopic(TOPIC, PARTITIONS);
    Map<String, Object> properties =
        Map.of(
            ProducerConfig.BOOTSTRAP_SERVERS_CONFIG,
            kafka.bootstrapServers(),
            ProducerConfig.LINGER_MS_CONFIG,
            5);
    KafkaProducer<String, String> producer =
        cleanup.add(
            new KafkaProducer<>(properties, new StringSerializer(), new StringSerializer()));
    KafkaConsumer<String, String> consumer =
        cleanup.add(
            new KafkaConsumer<>(
                Map.of(ConsumerConfig.BOOTSTRAP_SERVERS_CONFIG, kafka.bootstrapServers()),
                new StringDeserializer(),
                new StringDeserializer()));
    return new MethodStream(kafka, producer, consumer);
  }

  String bootstrapServers() {
    return kafka.bootstrapServers();
  }

  /** Starts the job, with settings as {@code ./tarn stream} has them. */
  void startFlink(Path index, Cleanup cleanup) throws Exception {
    StreamSettings settings =
        Settings.load(
            StreamSettings.class,
            Optional.empty(),
            List.of(),
            Map.of(
                "index", index,
                "kafka.bootstrap-servers", kafka.bootstrapServers(),
                "kafka.topics", List.of(TOPIC),
                "kafka.dead-letter-topic", DEAD_LETTERS,
                "checkpoint-interval-ms", CHECKPOINT_INTERVAL_MS));
    Path directory = cleanup.temporaryDirectory("tarn-demo-flink-");
    StreamExecutionEnvironment environment =
        LocalFlink.environment(PARTITIONS, directory, Map.of());
    StreamJob.build(environment, settings);
    job = cleanup.add(LocalFlink.start(environment, StreamJob.jobName(settings), directory));
  }

  /** Ends the job after a last version. */
  void stopFlink() throws Exception {
    job.stop();
    job.await();
  }

  void upsert(ApiMethod method, String text) {
    send(method.id(), record(method, text).toString());
  }

  /** An upsert that says itself how new it is. */
  void upsert(ApiMethod method, String text, long order) {
    send(method.id(), record(method, text).put("order", order).toString());
  }

  void delete(String id) {
    send(id, null);
  }

  void send(String key, String value) {
    sending.add(producer.send(new ProducerRecord<>(TOPIC, key, value)));
  }

  private static ObjectNode record(ApiMethod method, String text) {
    ObjectNode record = JSON.createObjectNode();
    record.put("text", text);
    record
        .putObject("attributes")
        .put("origin", method.origin())
        .put("deprecated", method.deprecated());
    return record;
  }

  /** Waits until Kafka has taken everything that was sent. */
  void flush() throws Exception {
    for (Future<?> sent : sending) {
      sent.get();
    }
    sending.clear();
  }

  /** How many records of the topic a snapshot does not hold yet. */
  long lag(Snapshot snapshot) {
    SortedMap<Integer, Long> contained = snapshot.source(SOURCE).nextOffsets();
    long lag = 0;
    for (Map.Entry<Integer, Long> end : endOffsets().entrySet()) {
      lag += end.getValue() - contained.getOrDefault(end.getKey(), 0L);
    }
    return lag;
  }

  /** How many records the topic has had. */
  long records() {
    return endOffsets().values().stream().mapToLong(Long::longValue).sum();
  }

  private SortedMap<Integer, Long> endOffsets() {
    List<TopicPartition> partitions =
        IntStream.range(0, PARTITIONS).mapToObj(p -> new TopicPartition(TOPIC, p)).toList();
    SortedMap<Integer, Long> ends = new TreeMap<>();
    consumer.endOffsets(partitions).forEach((p, offset) -> ends.put(p.partition(), offset));
    return ends;
  }

  /**
   * The reasons why records were set aside, one for each record, sorted. A job that had to begin
   * anew sets records aside twice; they say which they were.
   */
  List<String> reasonsOfDeadLetters() {
    List<TopicPartition> partitions = new ArrayList<>();
    for (PartitionInfo partition : consumer.partitionsFor(DEAD_LETTERS)) {
      partitions.add(new TopicPartition(DEAD_LETTERS, partition.partition()));
    }
    consumer.assign(partitions);
    consumer.seekToBeginning(partitions);
    long left = consumer.endOffsets(partitions).values().stream().mapToLong(Long::longValue).sum();
    Map<String, String> reasons = new HashMap<>();
    while (left > 0) {
      for (ConsumerRecord<String, String> letter : consumer.poll(POLL)) {
        left--;
        String record = header(letter, "tarn.partition") + "@" + header(letter, "tarn.offset");
        reasons.put(record, header(letter, "tarn.reason"));
      }
    }
    return reasons.values().stream().sorted().toList();
  }

  private static String header(ConsumerRecord<?, ?> letter, String name) {
    return new String(letter.headers().lastHeader(name).value(), StandardCharsets.UTF_8);
  }
}
