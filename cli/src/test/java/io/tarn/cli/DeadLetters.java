package io.tarn.cli;

import io.tarn.kafka.EmbeddedKafka;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import org.apache.kafka.clients.consumer.ConsumerConfig;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.serialization.StringDeserializer;

/** Waits for dead letters, which a job writes as soon as it has read a bad record. */
final class DeadLetters {
  private static final Duration PATIENCE = Duration.ofSeconds(60);

  private DeadLetters() {}

  static void await(EmbeddedKafka kafka, String topic) {
    Map<String, Object> properties =
        Map.of(
            ConsumerConfig.BOOTSTRAP_SERVERS_CONFIG,
            kafka.bootstrapServers(),
            ConsumerConfig.AUTO_OFFSET_RESET_CONFIG,
            "earliest");
    try (KafkaConsumer<String, String> consumer =
        new KafkaConsumer<>(properties, new StringDeserializer(), new StringDeserializer())) {
      consumer.assign(List.of(new TopicPartition(topic, 0)));
      if (consumer.poll(PATIENCE).isEmpty()) {
        throw new AssertionError("no dead letter in " + topic + " after " + PATIENCE);
      }
    }
  }
}
