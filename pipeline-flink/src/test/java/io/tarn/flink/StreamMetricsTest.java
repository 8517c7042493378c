package io.tarn.flink;

import static org.assertj.core.api.Assertions.assertThat;

import io.tarn.flink.TestJob.Plan;
import io.tarn.index.commit.Committer;
import io.tarn.index.snapshot.SegmentRef;
import io.tarn.index.snapshot.Snapshot;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.apache.flink.test.junit5.MiniClusterExtension;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.io.TempDir;

/** The job's metrics as Prometheus reads them, beside what was written. */
class StreamMetricsTest {
  @RegisterExtension static final KafkaExtension KAFKA = new KafkaExtension();

  private static final int PORT = TestJob.freePort();

  @RegisterExtension static final MiniClusterExtension FLINK = TestJob.prometheusCluster(PORT);

  @TempDir Path dir;

  @Test
  void prometheusReadsWhatHappened() throws Exception {
    TestIndex index = TestIndex.create(dir.resolve("index"));
    try (TestTopic topic = KAFKA.topic(2)) {
      long startMs = System.currentTimeMillis();
      // With maintenance, for its metrics, and nothing that it would do.
      TestJob job =
          new Plan(KAFKA, index, topic)
              .set("parallelism", "2")
              .set("maintenance.enabled", "true")
              .set("maintenance.segments-per-tier", "1000000")
              .set("maintenance.lists", "false")
              .start();
      write(topic);
      job.awaitCaughtUp(index, topic);
      Snapshot newest = index.newest();
      job.await(
          "the metrics are those of the newest version",
          () -> Scrape.of(PORT, job.id()).sum("indexVersion") == newest.version());
      job.await("Kafka said where it ends", () -> Scrape.of(PORT, job.id()).sum("lagRecords") == 0);

      Scrape scrape = Scrape.of(PORT, job.id());
      assertRecords(scrape);
      assertCommits(scrape, newest);
      assertThat(scrape.sum("errorRatio")).as("of too few rows").isEqualTo(-1);
      assertThat(scrape.sum("imbalance")).as("of too few rows").isEqualTo(-1);
      assertThat(scrape.sum("retrainAsked")).isZero();
      assertThat(scrape.sum("freshnessMs"))
          .isBetween(0.0, (double) System.currentTimeMillis() - startMs);
      assertDocumented(scrape);
      job.cancel();
    }
  }

  /** 20 upserts, 3 deletes, one field that nobody knows, and 3 bad records. */
  private static void write(TestTopic topic) {
    for (int i = 0; i < 20; i++) {
      topic.upsert("id-" + i, i, 0, 1, 2);
    }
    topic.delete("id-3");
    topic.delete("id-4");
    topic.send("id-5", "{\"op\":\"delete\",\"why\":\"because\"}");
    topic.send("a", "nonsense");
    topic.send("b", "more nonsense");
    topic.send("c", "{\"vector\":[1]}");
    topic.flush();
  }

  private static void assertRecords(Scrape scrape) {
    assertThat(scrape.sum("upserts")).isEqualTo(20);
    assertThat(scrape.of("upserts", Map.of("operator_name", "decode"))).hasSize(2);
    assertThat(scrape.sum("deletes")).isEqualTo(3);
    assertThat(scrape.sum("badRecords")).isEqualTo(3);
    assertThat(scrape.sum("reason_badRecords", Map.of("reason", "UNPARSABLE"))).isEqualTo(2);
    assertThat(scrape.sum("reason_badRecords", Map.of("reason", "WRONG_DIMENSION"))).isEqualTo(1);
    assertThat(scrape.sum("reason_badRecords")).isEqualTo(3);
    assertThat(scrape.sum("knownRecords")).isZero();
    assertThat(scrape.sum("ignoredFields")).isEqualTo(1);
  }

  private static void assertCommits(Scrape scrape, Snapshot newest) {
    double commits = newest.version() - 1;
    double rows = newest.segments().stream().mapToLong(SegmentRef::rows).sum();
    double deletes = newest.segments().stream().mapToLong(SegmentRef::deletes).sum();
    assertThat(scrape.of("commits", Map.of("operator_name", "index:_Committer"))).hasSize(1);
    assertThat(scrape.sum("commits")).isEqualTo(commits);
    assertThat(scrape.sum("committedRows")).isEqualTo(rows);
    assertThat(scrape.sum("committedDeletes")).isEqualTo(deletes);
    assertThat(scrape.sum("storedRows")).isEqualTo(rows);
    assertThat(scrape.sum("storedDeletes")).isEqualTo(deletes);
    assertThat(scrape.sum("storedBytes"))
        .isEqualTo(newest.segments().stream().mapToLong(s -> s.file().bytes()).sum());
    assertThat(scrape.sum("segments")).isEqualTo(newest.segments().size());
    assertThat(scrape.sum("lists")).isEqualTo(newest.model().lists());
    assertThat(scrape.sum("lastCommitTimeMs")).isEqualTo(newest.timestampMs());
    assertThat(scrape.sum("rowsPerCommit_count")).isEqualTo(commits);
    double largest =
        newest.segments().stream()
            .collect(
                Collectors.groupingBy(
                    SegmentRef::sequence, Collectors.summingLong(SegmentRef::rows)))
            .values()
            .stream()
            .mapToLong(Long::longValue)
            .max()
            .orElseThrow();
    assertThat(scrape.sum("rowsPerCommit", Map.of("quantile", "0.999"))).isEqualTo(largest);
    assertThat(scrape.sum("commitMs_count")).isEqualTo(commits);
    assertThat(scrape.sum("commitMs", Map.of("quantile", "0.5"))).isNotNegative();
    assertThat(scrape.sum("commitRetries")).isZero();
  }

  /** Each metric is in the document, and each in the document is there. */
  private static void assertDocumented(Scrape scrape) throws Exception {
    String guide = Files.readString(Path.of("..", "docs", "operations.md"));
    Set<String> documented =
        find("(?m)^\\| `(\\w+)` \\| (?:decode|committer|maintenance) \\|", guide);
    Set<String> found =
        scrape.names().stream()
            .map(name -> name.replaceAll("_count$", ""))
            .collect(Collectors.toCollection(TreeSet::new));
    assertThat(documented).isEqualTo(found);
    Set<String> inAlerts = find("(flink_[a-z]+_\\w+)", guide);
    assertThat(inAlerts).hasSizeGreaterThan(8);
    assertThat(scrape.samples().stream().map(Scrape.Sample::name)).containsAll(inAlerts);
  }

  private static Set<String> find(String pattern, String text) {
    return Pattern.compile(pattern)
        .matcher(text)
        .results()
        .map(match -> match.group(1))
        .collect(Collectors.toCollection(TreeSet::new));
  }

  /** What has been read is behind until it is committed; Flink's own lag would be zero here. */
  @Test
  void theLagIsThatOfTheIndexAndNotOfTheReader() throws Exception {
    TestIndex index = TestIndex.create(dir.resolve("index"));
    try (TestTopic topic = KAFKA.topic(3)) {
      for (int i = 0; i < 10; i++) {
        topic.upsert("id-" + i, i, 0, 1, 2);
      }
      topic.flush();
      new Plan(KAFKA, index, topic).run();
      for (int i = 0; i < 7; i++) {
        topic.upsert("id-" + i, i, 0, 1, 3);
      }
      topic.flush();
      TestJob job = new Plan(KAFKA, index, topic).withoutCheckpoints().start();
      job.await("all records are read", () -> Scrape.of(PORT, job.id()).sum("upserts") == 7);
      job.await("the lag is known", () -> Scrape.of(PORT, job.id()).sum("lagRecords") == 7);
      assertThat(Scrape.of(PORT, job.id()).sum("commits")).isZero();
      assertThat(Scrape.of(PORT, job.id()).sum("lastCommitTimeMs"))
          .isEqualTo(index.newest().timestampMs());
      job.cancel();
    }
  }

  /** A commit of somebody else does not disturb, and is seen with the job's next one. */
  @Test
  void recordsThatARestartReadsAgainAreCounted() throws Exception {
    TestIndex index = TestIndex.create(dir.resolve("index"));
    try (TestTopic topic = KAFKA.topic(1)) {
      TestJob first = new Plan(KAFKA, index, topic).start();
      topic.upsert("a", 1, 2, 3, 4);
      first.awaitCaughtUp(index, topic);
      String savepoint = first.savepoint(dir.resolve("savepoints"));
      topic.upsert("b", 1, 2, 3, 4);
      topic.upsert("c", 1, 2, 3, 4);
      first.awaitCaughtUp(index, topic);
      first.cancel();
      new Committer(index.log, null).restartSource("kafka:other", "anything");

      TestJob second = new Plan(KAFKA, index, topic).from(savepoint).start();
      second.await(
          "b and c are known", () -> Scrape.of(PORT, second.id()).sum("knownRecords") == 2);
      topic.upsert("d", 1, 2, 3, 4);
      second.awaitCaughtUp(index, topic);
      second.await(
          "the newest version is reported",
          () -> Scrape.of(PORT, second.id()).sum("indexVersion") == index.newest().version());
      assertThat(Scrape.of(PORT, second.id()).sum("upserts")).isEqualTo(1);
      assertThat(Scrape.of(PORT, second.id()).sum("commits")).isEqualTo(1);
      second.cancel();
    }
  }
}
