package io.tarn.flink;

import java.io.IOException;
import org.apache.flink.api.common.typeinfo.TypeInformation;
import org.apache.flink.connector.kafka.source.reader.deserializer.KafkaRecordDeserializationSchema;
import org.apache.flink.util.Collector;
import org.apache.kafka.clients.consumer.ConsumerRecord;

/**
 * A record as Kafka holds it. Public so that Flink knows how to serialize it.
 *
 * @param topic the topic it came from
 * @param partition the partition it came from
 * @param offset its place there
 * @param timestampMs the record's timestamp
 * @param key the bytes of the key, or null
 * @param value the bytes of the value, or null
 */
public record KafkaRecord(
    String topic, int partition, long offset, long timestampMs, byte[] key, byte[] value) {

  /** Takes records over without looking at them. */
  static final class FromKafka implements KafkaRecordDeserializationSchema<KafkaRecord> {
    @Override
    public void deserialize(ConsumerRecord<byte[], byte[]> record, Collector<KafkaRecord> out)
        throws IOException {
      out.collect(
          new KafkaRecord(
              record.topic(),
              record.partition(),
              record.offset(),
              record.timestamp(),
              record.key(),
              record.value()));
    }

    @Override
    public TypeInformation<KafkaRecord> getProducedType() {
      return TypeInformation.of(KafkaRecord.class);
    }
  }
}
