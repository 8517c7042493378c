package io.tarn.flink;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.tarn.flink.TestJob.Plan;
import io.tarn.index.centroid.KMeans;
import io.tarn.index.centroid.Model;
import io.tarn.index.commit.CommitConflictException;
import io.tarn.index.commit.Committer;
import io.tarn.index.feature.Feature;
import io.tarn.index.format.ModelFile;
import io.tarn.index.search.IndexReader;
import io.tarn.index.snapshot.Change;
import io.tarn.index.snapshot.Drift;
import io.tarn.index.snapshot.RetrainRequest;
import io.tarn.index.snapshot.SegmentRef;
import io.tarn.index.snapshot.Snapshot;
import io.tarn.index.write.FeatureBuffer;
import io.tarn.index.write.ModelReassigner;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.apache.flink.runtime.testutils.InMemoryReporter;
import org.apache.flink.test.junit5.MiniClusterExtension;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.io.TempDir;

/** Rows stay for a while as those that the lists were trained for, then they move away. */
class StreamDriftTest {
  private static final InMemoryReporter METRICS = InMemoryReporter.createWithRetainedMetrics();
  private static final String COMMITTER = "index: Committer";
  private static final String MAINTENANCE = "index: maintenance";
  private static final int ROUND_ROWS = 400;

  @RegisterExtension static final KafkaExtension KAFKA = new KafkaExtension();
  @RegisterExtension static final MiniClusterExtension FLINK = TestJob.cluster(METRICS);

  @TempDir Path dir;

  private final Random random = new Random(3);
  private int sent;

  /** Lists are not split here, so that nothing else takes the rows in. */
  private Plan plan(TestIndex index, TestTopic topic) {
    return new Plan(KAFKA, index, topic)
        .set("maintenance.enabled", "true")
        .set("maintenance.lists", "false")
        .set("maintenance.segments-per-tier", "2")
        .set("maintenance.drift.interval-ms", "0")
        .set("maintenance.drift.queries", "20")
        .set("maintenance.drift.nprobe", "1");
  }

  @Test
  void aRetrainIsAskedForOnceRowsMoveAwayAndNotBefore() throws Exception {
    TestIndex index = TestIndex.create(dir.resolve("index"));
    try (TestTopic topic = KAFKA.topic(1);
        LoggedMessages log = new LoggedMessages(MaintenanceThread.class)) {
      TestJob job = plan(index, topic).start();
      // What is measured comes with a merge of later rows.
      for (int round = 0; round < 8 || index.newest().drift().latest() == null; round++) {
        assertThat(round).as("rounds without a measurement").isLessThan(100);
        send(topic, 0);
        job.awaitCaughtUp(index, topic);
      }
      Snapshot stationary = index.newest();
      double imbalance = job.gauge(METRICS, MAINTENANCE, "tarn.imbalance");
      assertThat(stationary.drift().retrain()).isNull();
      assertThat(stationary.drift().errorRatio().orElseThrow()).isCloseTo(1, within(0.15));
      assertThat(imbalance).isBetween(1.0, 1.5);
      assertThat(job.gauge(METRICS, MAINTENANCE, "tarn.sampledRecall")).isBetween(0.3, 1.0);
      assertThat(job.gauge(METRICS, MAINTENANCE, "tarn.retrainAsked")).isZero();

      RetrainRequest asked = sendUntilAsked(topic, job, index);

      Drift drift = index.newest().drift();
      assertThat(asked.sinceVersion()).isGreaterThan(stationary.version());
      assertThat(drift.errorRatio().orElseThrow()).isGreaterThan(1.2);
      job.await(
          "the metrics say so",
          () ->
              job.gauge(METRICS, MAINTENANCE, "tarn.retrainAsked") == 1
                  && job.gauge(METRICS, MAINTENANCE, "tarn.imbalance") > 1.2 * imbalance
                  && job.gauge(METRICS, COMMITTER, "tarn.errorRatio") > 1.2);
      // Until it was looked at once more: who has asked does not ask again.
      for (int round = 0; measuredVersion(index) <= asked.sinceVersion(); round++) {
        assertThat(round).as("rounds without a measurement").isLessThan(100);
        send(topic, 5);
        job.awaitCaughtUp(index, topic);
      }
      assertThat(index.newest().drift().retrain()).isEqualTo(asked);
      assertThat(log.messages())
          .filteredOn(message -> message.contains("asks for a retrain"))
          .containsExactly(
              "Version %d asks for a retrain, ./tarn retrain --index %s: %s"
                  .formatted(asked.sinceVersion(), index.storage.location(), asked.reason()));

      retrain(index);
      send(topic, 5);
      job.awaitCaughtUp(index, topic);
      job.await(
          "nothing is asked for any longer",
          () ->
              job.gauge(METRICS, MAINTENANCE, "tarn.retrainAsked") == 0
                  && job.gauge(METRICS, COMMITTER, "tarn.errorRatio") < 1.2);
      assertThat(index.newest().drift().retrain()).isNull();
      assertThat(job.metric(METRICS, MAINTENANCE, "tarn.maintenanceFailures")).isZero();
      job.cancel();
      index.assertHolds(topic);
    }
  }

  private static long measuredVersion(TestIndex index) throws Exception {
    return index.newest().drift().latest().version();
  }

  private RetrainRequest sendUntilAsked(TestTopic topic, TestJob job, TestIndex index)
      throws Exception {
    for (int round = 0; round < 100; round++) {
      if (index.newest().drift().retrainIfAsked().isPresent()) {
        return index.newest().drift().retrain();
      }
      send(topic, 5);
      job.awaitCaughtUp(index, topic);
    }
    throw new AssertionError("nothing is asked for: " + index.newest().drift());
  }

  /** Until no merge comes in between. */
  private static void retrain(TestIndex index) throws Exception {
    for (int attempt = 1; ; attempt++) {
      try {
        retrainOnce(index);
        return;
      } catch (CommitConflictException e) {
        if (attempt == 50) {
          throw e;
        }
      }
    }
  }

  /** Trains on all rows, as the Spark job does on a sample. */
  private static void retrainOnce(TestIndex index) throws Exception {
    Committer committer = new Committer(index.log, new ModelReassigner(index.storage));
    Snapshot base = index.newest();
    List<Feature> rows = new ArrayList<>();
    IndexReader.openVersion(index.storage, base.version()).forEachLive(rows::add);
    float[] vectors = new float[rows.size() * TestIndex.DIMENSION];
    for (int i = 0; i < rows.size(); i++) {
      float[] vector = rows.get(i).vector();
      System.arraycopy(vector, 0, vectors, i * TestIndex.DIMENSION, TestIndex.DIMENSION);
    }
    float[] centroids =
        KMeans.train(TestIndex.SCHEMA.metric(), TestIndex.DIMENSION, vectors, 16, 5, 1, 1);
    Model old = ModelFile.read(index.storage, base.model());
    Model model =
        Model.numberedFrom(
            old.nextListId(), old.metric(), TestIndex.DIMENSION, centroids, old.quantizer());
    FeatureBuffer buffer = new FeatureBuffer(index.storage, TestIndex.SCHEMA, model);
    rows.forEach(buffer::add);
    List<SegmentRef> written = List.of(buffer.flush().orElseThrow());
    committer.commit(
        Change.overwrite("retrain", base, ModelFile.write(index.storage, model), written));
  }

  /** Rows in a cube, some way off. */
  private void send(TestTopic topic, float away) {
    for (int i = 0; i < ROUND_ROWS; i++) {
      topic.upsert(
          "id-" + sent++,
          away + random.nextFloat(),
          random.nextFloat(),
          random.nextFloat(),
          random.nextFloat());
    }
  }
}
