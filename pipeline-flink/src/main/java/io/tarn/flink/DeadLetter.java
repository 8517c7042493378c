package io.tarn.flink;

import java.nio.charset.StandardCharsets;
import org.apache.flink.connector.kafka.sink.KafkaRecordSerializationSchema;
import org.apache.kafka.clients.producer.ProducerRecord;

/**
 * A record that is set aside. Public so that Flink knows how to serialize it.
 *
 * @param record the record as it came
 * @param reason the name of the {@link io.tarn.index.feature.RejectedFeatureException.Reason}
 * @param message what is wrong with it, for people
 */
public record DeadLetter(KafkaRecord record, String reason, String message) {
  /** Names of the headers; their values are UTF-8 text. */
  static final String REASON = "tarn.reason";

  static final String MESSAGE = "tarn.message";
  static final String TOPIC = "tarn.topic";
  static final String PARTITION = "tarn.partition";
  static final String OFFSET = "tarn.offset";
  static final String TIMESTAMP = "tarn.timestamp";

  /** A message may quote what is wrong, and that may be as large as the record. */
  private static final int MAX_MESSAGE_CHARS = 300;

  /**
   * Key and value stay as they were, the rest goes into headers. The timestamp is that of the
   * setting aside, for the topic's retention must not count from when the record was made.
   */
  static final class ToKafka implements KafkaRecordSerializationSchema<DeadLetter> {
    private final String topic;

    ToKafka(String topic) {
      this.topic = topic;
    }

    @Override
    public ProducerRecord<byte[], byte[]> serialize(
        DeadLetter letter, KafkaSinkContext context, Long timestamp) {
      KafkaRecord record = letter.record();
      ProducerRecord<byte[], byte[]> out =
          new ProducerRecord<>(topic, null, null, record.key(), record.value());
      addHeader(out, REASON, letter.reason());
      addHeader(out, MESSAGE, shortened(letter.message()));
      addHeader(out, TOPIC, record.topic());
      addHeader(out, PARTITION, Integer.toString(record.partition()));
      addHeader(out, OFFSET, Long.toString(record.offset()));
      addHeader(out, TIMESTAMP, Long.toString(record.timestampMs()));
      return out;
    }

    private static String shortened(String message) {
      return message.length() <= MAX_MESSAGE_CHARS
          ? message
          : message.substring(0, MAX_MESSAGE_CHARS) + "…";
    }

    private static void addHeader(ProducerRecord<?, ?> record, String name, String value) {
      record.headers().add(name, value.getBytes(StandardCharsets.UTF_8));
    }
  }
}
