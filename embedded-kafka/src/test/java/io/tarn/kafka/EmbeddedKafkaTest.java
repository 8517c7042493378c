package io.tarn.kafka;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.apache.kafka.clients.consumer.Consumer;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.Producer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.errors.TopicExistsException;
import org.apache.kafka.common.serialization.StringDeserializer;
import org.apache.kafka.common.serialization.StringSerializer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Every consumer waits for what it expects, so the timeout is what a loss looks like. */
@Timeout(value = 2, unit = TimeUnit.MINUTES)
class EmbeddedKafkaTest {

  @TempDir Path dir;

  @Test
  void recordsArriveInAConsumerGroup() throws Exception {
    try (EmbeddedKafka kafka = EmbeddedKafka.start()) {
      kafka.createTopic("words", 2);
      produce(kafka, "words", "one", "two", "three");

      assertThat(consume(kafka, "words", 3)).containsExactlyInAnyOrder("one", "two", "three");
    }
  }

  @Test
  void aRestartOnTheSameDirectoryAndPortKeepsTheRecords() throws Exception {
    int port = freePort();
    try (EmbeddedKafka kafka = EmbeddedKafka.start(dir, port)) {
      assertThat(kafka.bootstrapServers()).isEqualTo("127.0.0.1:" + port);
      kafka.createTopic("words", 1);
      produce(kafka, "words", "before");
    }
    try (EmbeddedKafka kafka = EmbeddedKafka.start(dir, port)) {
      produce(kafka, "words", "after");

      assertThat(consume(kafka, "words", 2)).containsExactly("before", "after");
    }
  }

  @Test
  void onlyCommittedTransactionsAreRead() throws Exception {
    try (EmbeddedKafka kafka = EmbeddedKafka.start()) {
      kafka.createTopic("words", 1);
      try (Producer<String, String> producer = producer(kafka, Map.of("transactional.id", "t"))) {
        producer.initTransactions();
        producer.beginTransaction();
        producer.send(new ProducerRecord<>("words", "aborted")).get();
        producer.abortTransaction();
        producer.beginTransaction();
        producer.send(new ProducerRecord<>("words", "committed")).get();
        producer.commitTransaction();
      }

      assertThat(consume(kafka, "words", 1)).containsExactly("committed");
    }
  }

  @Test
  void aTopicIsCreatedOnce() {
    try (EmbeddedKafka kafka = EmbeddedKafka.start()) {
      kafka.createTopic("words", 1);

      assertThatThrownBy(() -> kafka.createTopic("words", 1))
          .isInstanceOf(TopicExistsException.class);
    }
  }

  @Test
  void itsOwnDirectoryIsRemoved() throws IOException {
    List<Path> before = ownDirectories();
    try (EmbeddedKafka kafka = EmbeddedKafka.start()) {
      kafka.createTopic("words", 1);
      assertThat(ownDirectories()).hasSize(before.size() + 1);
      kafka.close();
    }

    assertThat(ownDirectories()).isEqualTo(before);
  }

  @Test
  void aPortInUseIsNamed() throws IOException {
    try (ServerSocket taken = new ServerSocket(0, 1, InetAddress.getByName("127.0.0.1"))) {
      assertThatThrownBy(() -> EmbeddedKafka.start(dir, taken.getLocalPort()))
          .isInstanceOf(IllegalStateException.class)
          .hasMessage(
              "embedded Kafka does not start on 127.0.0.1:%d with directory %s: %s",
              taken.getLocalPort(), dir, "Address already in use");
    }
  }

  private static void produce(EmbeddedKafka kafka, String topic, String... values)
      throws Exception {
    try (Producer<String, String> producer = producer(kafka, Map.of())) {
      for (String value : values) {
        producer.send(new ProducerRecord<>(topic, value)).get();
      }
    }
  }

  private static Producer<String, String> producer(EmbeddedKafka kafka, Map<String, Object> more) {
    Map<String, Object> config = new HashMap<>(more);
    config.put("bootstrap.servers", kafka.bootstrapServers());
    return new KafkaProducer<>(config, new StringSerializer(), new StringSerializer());
  }

  private static List<String> consume(EmbeddedKafka kafka, String topic, int count) {
    Map<String, Object> config =
        Map.of(
            "bootstrap.servers", kafka.bootstrapServers(),
            "group.id", "test",
            "auto.offset.reset", "earliest",
            "isolation.level", "read_committed");
    List<String> values = new ArrayList<>();
    try (Consumer<String, String> consumer =
        new KafkaConsumer<>(config, new StringDeserializer(), new StringDeserializer())) {
      consumer.subscribe(List.of(topic));
      while (values.size() < count) {
        consumer.poll(Duration.ofSeconds(1)).forEach(record -> values.add(record.value()));
      }
    }
    return values;
  }

  private static List<Path> ownDirectories() throws IOException {
    try (Stream<Path> files = Files.list(Path.of(System.getProperty("java.io.tmpdir")))) {
      return files.filter(file -> file.getFileName().toString().startsWith("tarn-kafka-")).toList();
    }
  }

  private static int freePort() throws IOException {
    try (ServerSocket socket = new ServerSocket(0, 1, InetAddress.getByName("127.0.0.1"))) {
      return socket.getLocalPort();
    }
  }
}
