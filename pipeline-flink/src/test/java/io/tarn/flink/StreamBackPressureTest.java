package io.tarn.flink;

import static org.assertj.core.api.Assertions.assertThat;

import io.tarn.flink.TestJob.Plan;
import io.tarn.index.snapshot.SegmentRef;
import io.tarn.index.storage.LocalStorage;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.apache.flink.test.junit5.MiniClusterExtension;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.io.TempDir;

/** Checkpoints are slow, fail or come every second, and the memory that is used stays the same. */
class StreamBackPressureTest {
  @RegisterExtension static final KafkaExtension KAFKA = new KafkaExtension();
  @RegisterExtension static final MiniClusterExtension FLINK = TestJob.cluster();

  /** Closed, no version is published: the operators' copies of a storage share what is static. */
  private static volatile CountDownLatch gate;

  @TempDir Path dir;

  @Test
  void whileACommitTakesLongRecordsGoIntoSegmentsInsteadOfMemory() throws Exception {
    TestIndex index = TestIndex.create(dir.resolve("index"));
    gate = new CountDownLatch(1);
    String location = index.dir.toString();
    try (TestTopic topic = KAFKA.topic(2)) {
      TestJob job =
          new Plan(KAFKA, index, topic)
              .set("buffer-bytes", "20000")
              .storage(
                  () -> new FaultyStorage(new LocalStorage(Path.of(location)), path -> pass(path)))
              .start();
      int rows = 3_000;
      for (int i = 0; i < rows; i++) {
        topic.upsert("id-" + i, i, 0, 1, 2);
      }
      topic.flush();
      // A row is counted as 200 bytes and more.
      int rowsASegment = 20_000 / 200;
      job.await(
          "all but a last buffer is in segments",
          () -> index.storage.list("segments").size() >= rows / rowsASegment - 1);
      assertThat(index.newest().version()).isEqualTo(1);
      gate.countDown();
      job.awaitCaughtUp(index, topic);
      job.cancel();

      index.assertHolds(topic);
      assertThat(index.writtenRows()).isEqualTo(rows);
      assertThat(index.newest().segments())
          .extracting(SegmentRef::rows)
          .allMatch(count -> count <= rowsASegment);
    } finally {
      gate.countDown();
    }
  }

  private static Optional<FaultyStorage.Fault> pass(String path) throws IOException {
    try {
      if (path.startsWith("versions/") && !gate.await(TestJob.LIMIT_MS, TimeUnit.MILLISECONDS)) {
        throw new IOException("the gate did not open");
      }
      return Optional.empty();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IOException(e);
    }
  }

  /** The heap is smaller than what is written; no checkpoint ever comes. */
  @Test
  void aSmallHeapIsEnoughHoweverMuchComesBetweenCheckpoints() throws Exception {
    Path output = dir.resolve("output");
    Process process =
        new ProcessBuilder(
                List.of(
                    Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                    "-Xmx40m",
                    "-cp",
                    System.getProperty("java.class.path"),
                    SmallHeapMain.class.getName(),
                    dir.resolve("index").toString()))
            .redirectErrorStream(true)
            .redirectOutput(output.toFile())
            .start();
    try {
      assertThat(process.waitFor(TestJob.LIMIT_MS, TimeUnit.MILLISECONDS)).isTrue();
      assertThat(process.exitValue()).as(output.toString()).isEqualTo(0);
    } finally {
      process.destroyForcibly();
    }
    assertThat(output).content().contains(SmallHeapMain.ALL_WRITTEN);
  }

  @Test
  void checkpointsCanComeEverySecond() throws Exception {
    TestIndex index = TestIndex.create(dir.resolve("index"));
    try (TestTopic topic = KAFKA.topic(2)) {
      TestJob job =
          new Plan(KAFKA, index, topic)
              .set("checkpoint-interval-ms", "1000")
              .set("parallelism", "2")
              .start();
      int[] sent = {0};
      job.await(
          "some versions while records keep coming",
          () -> {
            topic.upsert("id-" + sent[0], sent[0]++, 0, 1, 2);
            return index.newest().version() >= 5;
          });
      job.awaitCaughtUp(index, topic);
      job.cancel();

      index.assertHolds(topic);
      assertThat(index.writtenRows()).isEqualTo(sent[0]);
    }
  }
}
