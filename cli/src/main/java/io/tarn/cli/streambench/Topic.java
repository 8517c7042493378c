package io.tarn.cli.streambench;

import io.tarn.benchmark.BenchmarkException;
import io.tarn.benchmark.Vectors;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReference;
import java.util.concurrent.locks.LockSupport;
import java.util.function.IntConsumer;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerConfig;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.serialization.ByteArraySerializer;
import org.apache.kafka.common.serialization.StringSerializer;

/** A topic into which vectors are written; the keys are their numbers. */
final class Topic implements AutoCloseable {
  private final String name;
  private final int partitions;
  private final RecordEncoding encoding;
  private final KafkaProducer<String, byte[]> producer;
  private final AtomicReference<Exception> failure = new AtomicReference<>();

  /**
   * @param lingerMs how long records wait for others that go the same way
   */
  Topic(
      String bootstrapServers, String name, int partitions, RecordEncoding encoding, int lingerMs) {
    this.name = name;
    this.partitions = partitions;
    this.encoding = encoding;
    this.producer =
        new KafkaProducer<>(
            Map.of(
                ProducerConfig.BOOTSTRAP_SERVERS_CONFIG, bootstrapServers,
                ProducerConfig.LINGER_MS_CONFIG, lingerMs,
                ProducerConfig.BATCH_SIZE_CONFIG, 1 << 18),
            new StringSerializer(),
            new ByteArraySerializer());
  }

  /** Sends one of the vectors, or one of them again if there are no more. */
  void send(Vectors vectors, int number) {
    int row = number % vectors.count();
    byte[] value =
        encoding.encode(vectors.values(), row * vectors.dimension(), vectors.dimension());
    // What becomes of it is asked for by flush().
    var unused =
        producer.send(
            new ProducerRecord<>(name, number % partitions, Integer.toString(number), value),
            (metadata, problem) -> failure.compareAndSet(null, problem));
  }

  /**
   * Sends some of the vectors, evenly.
   *
   * @param rate vectors a second
   * @param before is told the number of each just before it is sent
   */
  void sendEvenly(Vectors vectors, int from, int to, int rate, IntConsumer before) {
    double intervalNanos = (double) TimeUnit.SECONDS.toNanos(1) / rate;
    long startNanos = System.nanoTime();
    for (int number = from; number < to; number++) {
      long dueNanos = startNanos + (long) ((number - from + 1) * intervalNanos);
      while (System.nanoTime() < dueNanos) {
        LockSupport.parkNanos(dueNanos - System.nanoTime());
      }
      before.accept(number);
      send(vectors, number);
    }
  }

  /**
   * Waits until all that was sent is there.
   *
   * @throws BenchmarkException if something is not
   */
  void flush() {
    producer.flush();
    if (failure.get() != null) {
      throw new BenchmarkException("Kafka does not take the records", failure.get());
    }
  }

  @Override
  public void close() {
    producer.close();
  }
}
