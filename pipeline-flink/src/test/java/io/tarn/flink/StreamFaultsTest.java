package io.tarn.flink;

import static org.assertj.core.api.Assertions.assertThat;

import io.tarn.flink.FaultyStorage.Fault;
import io.tarn.flink.TestJob.Plan;
import java.nio.file.Path;
import java.util.stream.IntStream;
import org.apache.flink.test.junit5.MiniClusterExtension;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** The job fails where it hurts most, restarts, and the index is as if it had not. */
class StreamFaultsTest {
  @RegisterExtension static final KafkaExtension KAFKA = new KafkaExtension();
  @RegisterExtension static final MiniClusterExtension FLINK = TestJob.cluster();

  private static final int ROUNDS = 12;
  private static final int ROWS_A_ROUND = 30;

  @TempDir Path dir;

  @ParameterizedTest
  @CsvSource({
    "segments/, BEFORE, 1, 1",
    "segments/, BEFORE, 2, 4",
    "segments/, AFTER, 1, 1",
    "segments/, AFTER, 2, 4",
    "versions/, BEFORE, 1, 1",
    "versions/, BEFORE, 2, 4",
    "versions/, AFTER, 1, 1",
    "versions/, AFTER, 2, 4",
    "versions/, UNKNOWN_AND_DONE, 2, 4",
    "versions/, UNKNOWN_AND_NOT_DONE, 2, 4",
  })
  void nothingIsLostOrDoubled(String directory, Fault fault, int parallelism, int partitions)
      throws Exception {
    TestIndex index = TestIndex.create(dir.resolve("index"));
    int faults = 3;
    FaultyStorage.Opener storage = new FaultyStorage.Opener(index, directory, fault, 3, faults);
    try (TestTopic topic = KAFKA.topic(partitions)) {
      TestJob job =
          new Plan(KAFKA, index, topic)
              .set("parallelism", "" + parallelism)
              .storage(storage)
              .restartingAtOnce()
              .start();
      for (int round = 0; round < ROUNDS; round++) {
        for (int i = 0; i < ROWS_A_ROUND; i++) {
          topic.upsert("id-" + round + "-" + i, round, i, 1, 2);
        }
        topic.send("bad-" + round, "nonsense");
        if (round % 3 == 0) {
          // So that there are versions to fail at; in between, failures meet a stream that flows.
          job.awaitCaughtUp(index, topic);
        }
      }
      job.awaitCaughtUp(index, topic);

      index.assertHolds(topic);
      assertThat(index.writtenRows()).isEqualTo(ROUNDS * ROWS_A_ROUND);
      assertThat(storage.struck()).isGreaterThanOrEqualTo(1);
      assertThat(TestTopic.read(KAFKA.bootstrapServers(), topic.name + "-dead"))
          .extracting(ConsumerRecord::key)
          .extracting(String::new)
          .containsAll(IntStream.range(0, ROUNDS).mapToObj(r -> "bad-" + r).toList());
      job.cancel();
    }
  }

  @ParameterizedTest
  @CsvSource({
    "segments/, BEFORE, 3, 60000",
    "versions/, BEFORE, 1, 60000",
    "versions/, AFTER, 1, 60000",
    "versions/, BEFORE, 1, 200",
    "versions/, AFTER, 1, 200",
  })
  void aBoundedJobFailsAndStillEndsWithEverything(
      String directory, Fault fault, int every, long checkpointIntervalMs) throws Exception {
    TestIndex index = TestIndex.create(dir.resolve("index"));
    FaultyStorage.Opener storage = new FaultyStorage.Opener(index, directory, fault, every, 2);
    try (TestTopic topic = KAFKA.topic(4)) {
      for (int i = 0; i < 300; i++) {
        topic.upsert("id-" + i, i, 0, 1, 2);
      }
      topic.flush();

      new Plan(KAFKA, index, topic)
          .set("parallelism", "2")
          .set("buffer-bytes", "10000")
          .set("checkpoint-interval-ms", "" + checkpointIntervalMs)
          .storage(storage)
          .restartingAtOnce()
          .run();

      index.assertHolds(topic);
      assertThat(index.writtenRows()).isEqualTo(300);
      assertThat(storage.struck()).isGreaterThanOrEqualTo(1);
    }
  }
}
