package io.tarn.flink;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.tarn.flink.TestJob.Plan;
import io.tarn.index.commit.NotAnIndexException;
import io.tarn.index.commit.SnapshotLog;
import io.tarn.index.format.DamagedFileException;
import io.tarn.kafka.EmbeddedKafka;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.apache.flink.test.junit5.MiniClusterExtension;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.io.TempDir;

/** What the job needs is away, at the start or later. */
class StreamStartTest {
  @RegisterExtension static final KafkaExtension KAFKA = new KafkaExtension();
  @RegisterExtension static final MiniClusterExtension FLINK = TestJob.cluster();

  @TempDir Path dir;

  @Test
  void theJobWaitsForKafkaAndSaysSo() throws Exception {
    TestIndex index = TestIndex.create(dir.resolve("index"));
    int port = freePort();
    Path data = dir.resolve("kafka");
    // The topic is there before the broker goes down.
    try (EmbeddedKafka kafka = EmbeddedKafka.start(data, port)) {
      kafka.createTopic("features", 2);
    }
    String servers = "127.0.0.1:" + port;
    try (TestTopic topic = new TestTopic(servers, "features");
        LoggedMessages log = new LoggedMessages(KafkaTopics.class)) {
      CompletableFuture<TestJob> starting =
          CompletableFuture.supplyAsync(
              () -> {
                try {
                  return new Plan(servers, index.dir, topic).start();
                } catch (Exception e) {
                  throw new AssertionError("the job does not start", e);
                }
              });
      Waiting.until(
          "the job says that it waits",
          TestJob.LIMIT_MS,
          () ->
              log.messages().stream()
                  .anyMatch(
                      m ->
                          m.startsWith("Kafka at " + servers + " does not answer")
                              && m.contains("Trying for another")));
      assertThat(starting).isNotDone();

      try (EmbeddedKafka kafka = EmbeddedKafka.start(data, port)) {
        TestJob job = starting.get(TestJob.LIMIT_MS, TimeUnit.MILLISECONDS);
        topic.upsert("a", 1, 2, 3, 4);
        job.awaitCaughtUp(index, topic);
        index.assertHolds(topic);
        job.cancel();
      }
    }
  }

  @Test
  void theJobOutlivesARestartOfKafka() throws Exception {
    TestIndex index = TestIndex.create(dir.resolve("index"));
    int port = freePort();
    Path data = dir.resolve("kafka");
    String servers = "127.0.0.1:" + port;
    try (TestTopic topic = new TestTopic(servers, "features")) {
      TestJob job;
      try (EmbeddedKafka kafka = EmbeddedKafka.start(data, port)) {
        kafka.createTopic("features", 2);
        job = new Plan(servers, index.dir, topic).restartingAtOnce().start();
        for (int i = 0; i < 50; i++) {
          topic.upsert("before-" + i, i, 2, 3, 4);
        }
        topic.send("bad", "nonsense");
        job.awaitCaughtUp(index, topic);
      }
      try (EmbeddedKafka kafka = EmbeddedKafka.start(data, port)) {
        for (int i = 0; i < 50; i++) {
          topic.upsert("after-" + i, i, 2, 3, 5);
        }
        topic.send("bad", "nonsense");
        job.awaitCaughtUp(index, topic);
        index.assertHolds(topic);
        assertThat(index.writtenRows()).isEqualTo(100);
        assertThat(TestTopic.read(servers, "features-dead")).hasSizeGreaterThanOrEqualTo(2);
        job.cancel();
      }
    }
  }

  @Test
  void kafkaIsNotWaitedForWithoutEnd() throws Exception {
    TestIndex index = TestIndex.create(dir.resolve("index"));
    String nowhere = "127.0.0.1:" + freePort();
    try (TestTopic topic = new TestTopic(nowhere, "features")) {
      Plan plan = new Plan(nowhere, index.dir, topic).set("kafka.start-timeout-ms", "1");

      assertThatThrownBy(plan::start)
          .isInstanceOf(IOException.class)
          .hasMessageContaining("Kafka at " + nowhere + " has not answered for ")
          .hasMessageContaining("raise kafka.start-timeout-ms");
    }
  }

  @Test
  void anAddressThatIsNoneIsRefusedAtOnce() throws Exception {
    TestIndex index = TestIndex.create(dir.resolve("index"));
    try (TestTopic topic = KAFKA.topic(1)) {
      Plan plan = new Plan(KAFKA, index, topic).set("kafka.bootstrap-servers", "broker");

      assertThatThrownBy(plan::start)
          .isInstanceOf(IOException.class)
          .hasMessageContaining("Kafka at broker cannot be used: ")
          .hasMessageContaining("bootstrap.servers");
    }
  }

  @Test
  void aMissingTopicIsNamed() throws Exception {
    TestIndex index = TestIndex.create(dir.resolve("index"));
    try (TestTopic topic = KAFKA.topic(1)) {
      Plan plan = new Plan(KAFKA, index, topic).set("kafka.topics", "[nix, " + topic.name + "]");

      assertThatThrownBy(plan::start)
          .isInstanceOf(IOException.class)
          .hasMessage(
              "Kafka at %s has no topic nix: create it, or correct kafka.topics",
              KAFKA.bootstrapServers());
    }
  }

  @Test
  void aMissingIndexIsAnErrorBeforeTheJobStarts() {
    try (TestTopic topic = KAFKA.topic(1)) {
      Plan plan = new Plan(KAFKA.bootstrapServers(), dir.resolve("nothing"), topic);

      assertThatThrownBy(plan::start)
          .isInstanceOf(NotAnIndexException.class)
          .hasMessageContaining("nothing is no Tarn index");
    }
  }

  @Test
  void aDamagedIndexIsAnErrorBeforeTheJobStarts() throws Exception {
    TestIndex index = TestIndex.create(dir.resolve("index"));
    Path model = index.dir.resolve(index.newest().model().file().path());
    Files.write(model, new byte[100]);
    try (TestTopic topic = KAFKA.topic(1)) {
      Plan plan = new Plan(KAFKA, index, topic);

      assertThatThrownBy(plan::start)
          .isInstanceOf(DamagedFileException.class)
          .hasMessageContaining(index.newest().model().file().path());

      Files.write(index.dir.resolve(SnapshotLog.path(1)), new byte[100]);
      assertThatThrownBy(plan::start)
          .isInstanceOf(DamagedFileException.class)
          .hasMessageContaining(SnapshotLog.path(1));
    }
  }

  @Test
  void anIndexWithOtherIdsIsAnErrorBeforeTheJobStarts() throws Exception {
    TestIndex index = TestIndex.create(dir.resolve("index"));
    try (TestTopic topic = KAFKA.topic(1)) {
      Plan plan = new Plan(KAFKA, index, topic).set("kafka.key-format", "int64");

      assertThatThrownBy(plan::start)
          .isInstanceOf(IllegalArgumentException.class)
          .hasMessageContaining("kafka.key-format is int64, but the ids of the index are text");
    }
  }

  private static int freePort() throws IOException {
    try (ServerSocket socket = new ServerSocket(0, 1, InetAddress.getByName("127.0.0.1"))) {
      return socket.getLocalPort();
    }
  }
}
