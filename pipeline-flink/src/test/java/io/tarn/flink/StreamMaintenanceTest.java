package io.tarn.flink;

import static org.assertj.core.api.Assertions.assertThat;

import io.tarn.flink.TestJob.Plan;
import io.tarn.index.commit.SnapshotLog;
import io.tarn.index.search.IndexReader;
import io.tarn.index.search.IndexView;
import io.tarn.index.storage.LocalStorage;
import io.tarn.index.verify.IndexVerifier;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Optional;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.apache.flink.runtime.testutils.InMemoryReporter;
import org.apache.flink.test.junit5.MiniClusterExtension;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.io.TempDir;

/** The job keeps the index in shape while it writes to it. */
class StreamMaintenanceTest {
  private static final int SEGMENTS_PER_TIER = 3;
  private static final int TARGET_LIST_ROWS = 25;

  /** After three of them, and what came before, there is a look, however long the interval. */
  private static final int PART_ROWS = 3_500;

  private static final int PARTS = 5;

  /** Enough for a list to get more rows than others by chance. */
  private static final int MANY_LISTS = 40;

  private static final double MAX_DEAD_SHARE = 0.25;

  private static final InMemoryReporter METRICS = InMemoryReporter.createWithRetainedMetrics();

  @RegisterExtension static final KafkaExtension KAFKA = new KafkaExtension();
  @RegisterExtension static final MiniClusterExtension FLINK = TestJob.cluster(METRICS);

  /** Closed, maintenance waits: the operators' copies of a storage share what is static. */
  private static volatile CountDownLatch gate;

  /** Open once it does. */
  private static volatile CountDownLatch reached;

  @TempDir Path dir;

  @Test
  void segmentsStayFewAndListsGrowWithTheRows() throws Exception {
    TestIndex index = TestIndex.create(dir.resolve("index"));
    int listsBefore = index.newest().model().lists();
    try (TestTopic topic = KAFKA.topic(2)) {
      TestJob job =
          new Plan(KAFKA, index, topic)
              .set("parallelism", "2")
              .set("maintenance.enabled", "true")
              .set("maintenance.segments-per-tier", "" + SEGMENTS_PER_TIER)
              .set("maintenance.target-list-rows", "" + TARGET_LIST_ROWS)
              .set("maintenance.lists-interval-ms", "0")
              .start();
      // All in one corner, where the model had hardly a list, and each id twice.
      for (int round = 0; round < 20; round++) {
        for (int i = 0; i < 25; i++) {
          int id = 25 * (round / 2) + i;
          topic.upsert("id-" + id, id * 0.61f % 1, id * 0.37f % 1, 5 + round, 5 + i * 0.1f);
        }
        job.awaitCaughtUp(index, topic);
      }
      job.await(
          "segments are merged, lists are split, and most dead rows are gone",
          () -> {
            IndexView view = IndexReader.open(index.storage).view();
            long largest = Arrays.stream(view.liveRowsByList()).max().orElseThrow();
            return view.snapshot().segments().size() < SEGMENTS_PER_TIER
                && view.snapshot().model().lists() > listsBefore
                && largest <= 2 * TARGET_LIST_ROWS
                && index.writtenRows() * (1 - MAX_DEAD_SHARE) <= 250;
          });
      assertThat(job.metric(METRICS, "index: maintenance", "tarn.maintenanceSteps")).isPositive();
      assertThat(job.metric(METRICS, "index: maintenance", "tarn.maintenanceFailures")).isZero();

      topic.upsert("last", 1, 2, 3, 4);
      job.awaitCaughtUp(index, topic);
      job.cancel();
      index.assertHolds(topic);
    }
  }

  @Test
  void listsAreSplitWhenRowsHaveGrownThoughTheirTimeIsFarAway() throws Exception {
    TestIndex index = TestIndex.create(dir.resolve("index"));
    int listsBefore = index.newest().model().lists();
    try (TestTopic topic = KAFKA.topic(1)) {
      TestJob job = lookingByGrowthAlone(index, topic);
      // The job counts from what it sees first, which may be a part of them.
      for (int part = 0; part < PARTS; part++) {
        for (int i = part * PART_ROWS; i < (part + 1) * PART_ROWS; i++) {
          topic.upsert("id-" + i, i * 0.61f % 1, i * 0.37f % 1, i * 0.23f % 1, 5);
        }
        job.awaitCaughtUp(index, topic);
      }
      job.await("lists are split", () -> index.newest().model().lists() > listsBefore);
      assertThat(job.metric(METRICS, "index: maintenance", "tarn.maintenanceFailures")).isZero();
      job.cancel();
      assertThat(IndexReader.open(index.storage).view().liveRowCount())
          .isEqualTo(PARTS * PART_ROWS);
      assertThat(IndexVerifier.verify(index.storage).problems()).isEmpty();
    }
  }

  @Test
  void rowsThatComeWhereThereWereFewGetListsOfTheirOwn() throws Exception {
    TestIndex index = TestIndex.create(dir.resolve("index"), MANY_LISTS);
    try (TestTopic topic = KAFKA.topic(1)) {
      TestJob job = lookingByGrowthAlone(index, topic);
      int sent = 0;
      while (!hasAddedLists(index)) {
        assertThat(sent).as("rows without lists of their own").isLessThan(40_000);
        // As ever first, and then each time where nothing was.
        float corner = sent < 4 * PART_ROWS ? 0 : 7f * sent / PART_ROWS;
        for (int end = sent + PART_ROWS; sent < end; sent++) {
          topic.upsert(
              "id-" + sent,
              corner + sent * 0.61f % 1,
              corner + sent * 0.37f % 1,
              sent * 0.23f % 1,
              sent * 0.71f % 1);
        }
        job.awaitCaughtUp(index, topic);
      }
      job.cancel();
      assertThat(IndexReader.open(index.storage).view().liveRowCount()).isEqualTo(sent);
      assertThat(IndexVerifier.verify(index.storage).problems()).isEmpty();
    }
  }

  private static TestJob lookingByGrowthAlone(TestIndex index, TestTopic topic) throws Exception {
    return new Plan(KAFKA, index, topic)
        .set("maintenance.enabled", "true")
        .set("maintenance.lists-interval-ms", "3600000")
        .set("maintenance.drift.queries", "0")
        .start();
  }

  private static boolean hasAddedLists(TestIndex index) throws IOException {
    SnapshotLog log = new SnapshotLog(index.storage);
    for (long version = 1; version <= log.newestVersion(); version++) {
      if (log.read(version).operation().equals("add lists")) {
        return true;
      }
    }
    return false;
  }

  /** It hangs in the middle of its first step, and nobody but itself notices. */
  @Test
  void recordsAreCommittedWhileMaintenanceTakesLong() throws Exception {
    TestIndex index = TestIndex.create(dir.resolve("index"));
    gate = new CountDownLatch(1);
    reached = new CountDownLatch(1);
    String location = index.dir.toString();
    try (TestTopic topic = KAFKA.topic(2)) {
      TestJob job =
          new Plan(KAFKA, index, topic)
              .set("parallelism", "2")
              .set("maintenance.enabled", "true")
              .set("maintenance.segments-per-tier", "2")
              .storage(
                  () ->
                      new FaultyStorage(
                          new LocalStorage(Path.of(location)), path -> holdMaintenance()))
              .start();
      int sent = 0;
      while (reached.getCount() > 0) {
        assertThat(sent).as("rows without a merge").isLessThan(1_000);
        topic.upsert("id-" + sent++, sent, 1, 2, 3);
        job.awaitCaughtUp(index, topic);
      }
      long version = index.newest().version();
      for (int i = 0; i < 5; i++) {
        topic.upsert("id-" + sent++, sent, 1, 2, 3);
        job.awaitCaughtUp(index, topic);
      }
      assertThat(index.newest().version()).isEqualTo(version + 5);
      assertThat(job.metric(METRICS, "index: maintenance", "tarn.maintenanceSteps")).isZero();
      gate.countDown();
      job.await(
          "segments are merged once it may go on",
          () -> job.metric(METRICS, "index: maintenance", "tarn.maintenanceSteps") > 0);
      job.cancel();
      index.assertHolds(topic);
    } finally {
      gate.countDown();
    }
  }

  /** By who asks, whatever thread that is in. */
  private static Optional<FaultyStorage.Fault> holdMaintenance() throws IOException {
    boolean maintains =
        StackWalker.getInstance()
            .walk(
                frames ->
                    frames.anyMatch(
                        frame -> frame.getClassName().contains("ContinuousMaintenance")));
    if (maintains) {
      reached.countDown();
      try {
        if (!gate.await(TestJob.LIMIT_MS, TimeUnit.MILLISECONDS)) {
          throw new IOException("the gate did not open");
        }
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
        throw new IOException(e);
      }
    }
    return Optional.empty();
  }

  @Test
  void aSavepointIsTakenUpWithMaintenanceAndWithout() throws Exception {
    TestIndex index = TestIndex.create(dir.resolve("index"));
    try (TestTopic topic = KAFKA.topic(1)) {
      String savepoint = null;
      for (boolean enabled : new boolean[] {true, false, true}) {
        Plan plan = new Plan(KAFKA, index, topic).set("maintenance.enabled", "" + enabled);
        if (savepoint != null) {
          plan.from(savepoint);
        }
        TestJob job = plan.start();
        for (int i = 0; i < 20; i++) {
          topic.upsert("id-" + i, i, i, i, enabled ? 1 : 2);
        }
        job.awaitCaughtUp(index, topic);
        savepoint = job.stopWithSavepoint(dir.resolve("savepoints"), false);
      }
      index.assertHolds(topic);
    }
  }
}
