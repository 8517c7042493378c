package io.tarn.flink;

import static org.assertj.core.api.Assertions.assertThat;

import io.tarn.flink.TestJob.Plan;
import io.tarn.index.commit.CommitConflictException;
import io.tarn.index.commit.SnapshotLog;
import io.tarn.index.snapshot.Snapshot;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.apache.flink.runtime.testutils.InMemoryReporter;
import org.apache.flink.test.junit5.MiniClusterExtension;
import org.apache.flink.util.ExceptionUtils;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Jobs end and others take over, with their state, with older state, or with none. */
class StreamRestartTest {
  @RegisterExtension static final KafkaExtension KAFKA = new KafkaExtension();

  private static final InMemoryReporter METRICS = InMemoryReporter.createWithRetainedMetrics();

  @RegisterExtension static final MiniClusterExtension FLINK = TestJob.cluster(METRICS);

  @TempDir Path dir;
  private long rows;

  @ParameterizedTest
  @ValueSource(ints = {1, 2})
  void aJobWithoutStateResumesWhereTheIndexEnds(int parallelism) throws Exception {
    TestIndex index = TestIndex.create(dir.resolve("index"));
    try (TestTopic topic = KAFKA.topic(4)) {
      for (int run = 0; run < 3; run++) {
        TestJob job = new Plan(KAFKA, index, topic).set("parallelism", "" + parallelism).start();
        send(topic, 50);
        job.awaitCaughtUp(index, topic);
        send(topic, 50);
        // What is under way when the job ends, the next one reads again.
        job.cancel();
      }
      TestJob job = new Plan(KAFKA, index, topic).start();
      job.awaitCaughtUp(index, topic);
      job.cancel();

      index.assertHolds(topic);
      assertThat(index.writtenRows()).isEqualTo(rows);
    }
  }

  @Test
  void whatTheIndexHoldsIsNotReadAgain() throws Exception {
    TestIndex index = TestIndex.create(dir.resolve("index"));
    try (TestTopic topic = KAFKA.topic(2)) {
      send(topic, 50);
      topic.flush();
      new Plan(KAFKA, index, topic).run();
      // Nor is it what the consumer group committed that counts.
      TestIndex other = TestIndex.create(dir.resolve("other"));
      TestJob fromTheStart = new Plan(KAFKA, other, topic).run();
      assertThat(fromTheStart.metric(METRICS, "decode", "numRecordsIn")).isEqualTo(50);
      other.assertHolds(topic);

      send(topic, 30);
      topic.flush();
      TestJob fromTheIndex = new Plan(KAFKA, index, topic).run();

      assertThat(fromTheIndex.metric(METRICS, "decode", "numRecordsIn")).isEqualTo(30);
      assertThat(fromTheIndex.metric(METRICS, "decode", "tarn.knownRecords")).isEqualTo(0);
      index.assertHolds(topic);
    }
  }

  @ParameterizedTest
  @CsvSource({"1, 2", "2, 1", "3, 3"})
  void aSavepointIsResumedWithAnotherParallelism(int before, int after) throws Exception {
    TestIndex index = TestIndex.create(dir.resolve("index"));
    try (TestTopic topic = KAFKA.topic(4)) {
      TestJob first = new Plan(KAFKA, index, topic).set("parallelism", "" + before).start();
      send(topic, 100);
      first.awaitCaughtUp(index, topic);
      send(topic, 100);
      String savepoint = first.stopWithSavepoint(dir.resolve("savepoints"), false);
      long version = index.newest().version();
      send(topic, 100);

      TestJob second =
          new Plan(KAFKA, index, topic).set("parallelism", "" + after).from(savepoint).start();
      second.awaitCaughtUp(index, topic);
      second.cancel();

      index.assertHolds(topic);
      assertThat(index.writtenRows()).isEqualTo(rows);
      assertThat(index.newest().version()).isGreaterThan(version);
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"savepoint", "checkpoint"})
  void aJobIsRescaledFromOneToFourToTwo(String state) throws Exception {
    TestIndex index = TestIndex.create(dir.resolve("index"));
    CheckpointFiles checkpoints = new CheckpointFiles(dir.resolve("checkpoints"));
    try (TestTopic topic = KAFKA.topic(4)) {
      Optional<String> from = Optional.empty();
      for (int parallelism : new int[] {1, 4, 2}) {
        Plan plan =
            new Plan(KAFKA, index, topic).set("parallelism", "" + parallelism).keepingCheckpoints();
        from.ifPresent(plan::from);
        TestJob job = plan.start();
        send(topic, 100);
        job.awaitCaughtUp(index, topic);
        send(topic, 100);
        if (state.equals("savepoint")) {
          from = Optional.of(job.stopWithSavepoint(dir.resolve("savepoints"), false));
        } else {
          job.cancel();
          from = checkpoints.newest(job);
        }
        assertThat(from).isPresent();
      }
      TestJob last = new Plan(KAFKA, index, topic).from(from.get()).start();
      last.awaitCaughtUp(index, topic);
      last.cancel();

      index.assertHolds(topic);
      assertThat(index.writtenRows()).isEqualTo(rows);
    }
  }

  @Test
  void checkpointsThatAreLostAreNotNeeded() throws Exception {
    TestIndex index = TestIndex.create(dir.resolve("index"));
    CheckpointFiles checkpoints = new CheckpointFiles(dir.resolve("checkpoints"));
    try (TestTopic topic = KAFKA.topic(4)) {
      TestJob job =
          new Plan(KAFKA, index, topic).set("parallelism", "2").keepingCheckpoints().start();
      send(topic, 50);
      job.awaitCaughtUp(index, topic);
      job.cancel();
      String lost = checkpoints.newest(job).orElseThrow();
      checkpoints.delete();
      send(topic, 50);

      assertThat(new Plan(KAFKA, index, topic).from(lost).start().awaitFailure())
          .hasStackTraceContaining("Cannot find");

      TestJob anew = new Plan(KAFKA, index, topic).set("parallelism", "2").start();
      anew.awaitCaughtUp(index, topic);
      anew.cancel();
      index.assertHolds(topic);
      assertThat(index.writtenRows()).isEqualTo(rows);
    }
  }

  @Test
  void aDrainedJobHasCommittedAllItRead() throws Exception {
    TestIndex index = TestIndex.create(dir.resolve("index"));
    try (TestTopic topic = KAFKA.topic(2)) {
      TestJob job =
          new Plan(KAFKA, index, topic).set("parallelism", "2").withoutCheckpoints().start();
      send(topic, 100);
      sendBadToAllPartitions(topic, 2);
      topic.flush();
      // Dead letters do not wait for a checkpoint, so they tell how far the job is.
      job.await("all is read", () -> deadLetters(topic).size() == 2);
      job.stopWithSavepoint(dir.resolve("savepoints"), true);

      index.assertHolds(topic);
      assertThat(index.writtenRows()).isEqualTo(rows);
      assertThat(index.newest().version()).isEqualTo(2);
    }
  }

  @Test
  void whatOlderStateReadsAgainIsDropped() throws Exception {
    TestIndex index = TestIndex.create(dir.resolve("index"));
    try (TestTopic topic = KAFKA.topic(4)) {
      TestJob first = new Plan(KAFKA, index, topic).set("parallelism", "2").start();
      send(topic, 50);
      first.awaitCaughtUp(index, topic);
      String old = first.savepoint(dir.resolve("savepoints"));
      send(topic, 50);
      topic.send("bad", "nonsense");
      first.awaitCaughtUp(index, topic);
      first.cancel();
      send(topic, 50);

      TestJob second = new Plan(KAFKA, index, topic).set("parallelism", "2").from(old).start();
      second.awaitCaughtUp(index, topic);
      second.cancel();

      index.assertHolds(topic);
      assertThat(index.writtenRows()).isEqualTo(rows);
      assertThat(deadLetters(topic)).hasSize(1);
    }
  }

  @Test
  void stateThatIsNewerThanTheIndexIsRefused() throws Exception {
    TestIndex index = TestIndex.create(dir.resolve("index"));
    try (TestTopic topic = KAFKA.topic(1)) {
      TestJob first = new Plan(KAFKA, index, topic).start();
      for (int version = 0; version < 3; version++) {
        send(topic, 10);
        first.awaitCaughtUp(index, topic);
      }
      String savepoint = first.stopWithSavepoint(dir.resolve("savepoints"), false);
      // The index is set back by two versions, as from a backup.
      long newest = index.newest().version();
      Files.delete(index.dir.resolve(SnapshotLog.path(newest)));
      Files.delete(index.dir.resolve(SnapshotLog.path(newest - 1)));
      send(topic, 10);
      topic.flush();
      Snapshot before = index.newest();

      Throwable failure = new Plan(KAFKA, index, topic).from(savepoint).start().awaitFailure();

      assertThat(ExceptionUtils.findThrowable(failure, CommitConflictException.class))
          .hasValueSatisfying(
              e ->
                  assertThat(e)
                      .hasMessageContaining("the index is older than the writer's state")
                      .hasMessageContaining("Restart the writer without its state"));
      assertThat(index.newest()).isEqualTo(before);

      new Plan(KAFKA, index, topic).run();
      index.assertHolds(topic);
      assertThat(index.writtenRows()).isEqualTo(rows);
    }
  }

  @Test
  void twoJobsOnOneIndexDoNotDoubleARow() throws Exception {
    TestIndex index = TestIndex.create(dir.resolve("index"));
    try (TestTopic topic = KAFKA.topic(2)) {
      TestJob one = new Plan(KAFKA, index, topic).start();
      send(topic, 10);
      one.awaitCaughtUp(index, topic);
      TestJob two = new Plan(KAFKA, index, topic).set("checkpoint-interval-ms", "300").start();
      Set<TestJob> running = new HashSet<>(Set.of(one, two));
      Waiting.until(
          "one of them gives in",
          TestJob.LIMIT_MS,
          () -> {
            send(topic, 5);
            topic.flush();
            running.removeIf(TestJob::failed);
            return running.size() < 2;
          });
      assertThat((running.contains(one) ? two : one).awaitFailure())
          .hasStackTraceContaining("another writer feeds the same index from the same source")
          .hasStackTraceContaining("start it without its state");
      for (TestJob each : running) {
        each.cancelUnlessFailed();
      }
      // Seldom each of the two is ahead of the other somewhere, and both give in.
      TestJob next = new Plan(KAFKA, index, topic).start();
      next.awaitCaughtUp(index, topic);
      next.cancel();

      index.assertHolds(topic);
      assertThat(index.writtenRows()).isEqualTo(rows);
    }
  }

  @Test
  void recordsRemovedBeforeTheyWereReadAreMissed() throws Exception {
    TestIndex index = TestIndex.create(dir.resolve("index"));
    try (TestTopic topic = KAFKA.topic(1)) {
      send(topic, 10);
      topic.flush();
      new Plan(KAFKA, index, topic).run();
      send(topic, 10);
      topic.flush();
      KAFKA.removeRecords(topic.name, Map.of(0, 15L));

      Throwable failure = new Plan(KAFKA, index, topic).start().awaitFailure();

      assertThat(failure)
          .hasStackTraceContaining("up to offset 10, but the partition begins at 15");
    }
  }

  @Test
  void partitionsAddedLaterAreReadFromTheirBeginning() throws Exception {
    TestIndex index = TestIndex.create(dir.resolve("index"));
    try (TestTopic topic = KAFKA.topic(1)) {
      TestJob job =
          new Plan(KAFKA, index, topic)
              .set("kafka.properties.partition.discovery.interval.ms", "200")
              .start();
      send(topic, 20);
      job.awaitCaughtUp(index, topic);
      KAFKA.addPartitions(topic.name, 3);
      topic.awaitPartitions(3);
      send(topic, 60);
      job.awaitCaughtUp(index, topic);
      job.cancel();

      index.assertHolds(topic);
      assertThat(index.positions(topic.name)).hasSize(3);
      assertThat(index.writtenRows()).isEqualTo(rows);
    }
  }

  private static void sendBadToAllPartitions(TestTopic topic, int partitions) {
    for (int partition = 0; partition < partitions; partition++) {
      topic.sendTo(partition, "bad", "nonsense");
    }
  }

  private static List<ConsumerRecord<byte[], byte[]>> deadLetters(TestTopic topic) {
    return TestTopic.read(KAFKA.bootstrapServers(), topic.name + "-dead");
  }

  private void send(TestTopic topic, int count) {
    for (int i = 0; i < count; i++) {
      topic.upsert("id-" + rows, rows, 0, 1, 2);
      rows++;
    }
  }
}
