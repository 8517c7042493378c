package io.tarn.flink;

import static org.assertj.core.api.Assertions.assertThat;

import io.tarn.flink.TestJob.Plan;
import io.tarn.index.commit.Committer;
import io.tarn.index.feature.Feature;
import io.tarn.index.feature.FeatureId;
import io.tarn.index.format.ModelFile;
import io.tarn.index.maintain.Maintenance;
import io.tarn.index.maintain.SplitSettings;
import io.tarn.index.snapshot.Change;
import io.tarn.index.snapshot.SegmentRef;
import io.tarn.index.snapshot.Snapshot;
import io.tarn.index.storage.LocalStorage;
import io.tarn.index.write.ModelReassigner;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import org.apache.flink.test.junit5.MiniClusterExtension;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.io.TempDir;

/** Somebody else gives the index a new model while the job runs. */
class StreamModelTest {
  @RegisterExtension static final KafkaExtension KAFKA = new KafkaExtension();
  @RegisterExtension static final MiniClusterExtension FLINK = TestJob.cluster();

  @TempDir Path dir;
  private int sent;

  @Test
  void aNewModelIsTakenUpWithoutARestart() throws Exception {
    TestIndex index = TestIndex.create(dir.resolve("index"));
    try (TestTopic topic = KAFKA.topic(2)) {
      TestJob job = new Plan(KAFKA, index, topic).set("parallelism", "2").start();
      send(topic, 200);
      job.awaitCaughtUp(index, topic);
      for (int round = 0; round < 2; round++) {
        splitLists(index);
        send(topic, 50);
        job.awaitCaughtUp(index, topic);
        index.assertHolds(topic);
      }
      Snapshot published = index.newest();
      Set<String> before = segmentFiles(index);

      send(topic, 50);
      job.awaitCaughtUp(index, topic);
      job.cancel();

      // What is assigned anew lies in other files than the subtasks wrote.
      Set<String> written = segmentFiles(index);
      written.removeAll(before);
      assertThat(index.segmentsSince(published.version()))
          .extracting(SegmentRef::path)
          .containsExactlyInAnyOrderElementsOf(written);
      index.assertHolds(topic);
    }
  }

  @Test
  void whatIsOnItsWayWhenModelsComeIsAssignedAnew() throws Exception {
    TestIndex index = TestIndex.create(dir.resolve("index"));
    try (TestTopic topic = KAFKA.topic(4)) {
      TestJob job = new Plan(KAFKA, index, topic).set("parallelism", "2").start();
      send(topic, 100);
      job.awaitCaughtUp(index, topic);
      for (int round = 0; round < 3; round++) {
        send(topic, 100);
        splitLists(index);
      }
      job.awaitCaughtUp(index, topic);
      job.cancel();

      index.assertHolds(topic);
      assertThat(index.newest().model().lists()).isGreaterThan(7);
    }
  }

  @Test
  void aWriterKeepsToOneModelBetweenTwoCheckpoints() throws Exception {
    TestIndex index = TestIndex.create(dir.resolve("index"));
    Committer committer = new Committer(index.log, new ModelReassigner(index.storage));
    List<Change> written = new ArrayList<>();
    try (SegmentSinkWriter writer = new SegmentSinkWriter(new LocalStorage(index.dir), 1)) {
      for (int offset = 0; offset < 40; offset++) {
        write(writer, offset);
      }
      committer.commit(prepare(writer, written));
      write(writer, 40);
      String before = index.newest().model().id();
      splitLists(index);
      // With this buffer each record becomes a segment at once.
      write(writer, 41);
      prepare(writer, written);
      write(writer, 42);
      prepare(writer, written);

      assertThat(written)
          .extracting(Change::modelId)
          .containsExactly(before, before, index.newest().model().id());
      assertThat(written).extracting(c -> c.added().size()).containsExactly(40, 2, 1);
      assertThat(index.newest().model().id()).isNotEqualTo(before);
    }
  }

  @Test
  void aWriterThatHadNothingToDoTakesUpAModelAsWell() throws Exception {
    TestIndex index = TestIndex.create(dir.resolve("index"));
    Committer committer = new Committer(index.log, new ModelReassigner(index.storage));
    List<Change> written = new ArrayList<>();
    try (SegmentSinkWriter busy = new SegmentSinkWriter(new LocalStorage(index.dir), 1000);
        SegmentSinkWriter idle = new SegmentSinkWriter(new LocalStorage(index.dir), 1000)) {
      for (int offset = 0; offset < 40; offset++) {
        write(busy, offset);
      }
      committer.commit(prepare(busy, written));
      splitLists(index);
      assertThat(idle.prepareCommit()).isEmpty();
      write(idle, 40);

      assertThat(prepare(idle, written).modelId()).isEqualTo(index.newest().model().id());
    }
  }

  private static Change prepare(SegmentSinkWriter writer, List<Change> written) throws IOException {
    writer.flush(false);
    Collection<PendingChange> pending = writer.prepareCommit();
    written.add(pending.iterator().next().change());
    return written.get(written.size() - 1);
  }

  private static void write(SegmentSinkWriter writer, int offset) throws IOException {
    float[] vector = {offset, 1, 2, 3};
    Feature feature =
        new Feature(FeatureId.of("id-" + offset), vector, offset, offset, new Object[1]);
    writer.write(new PositionedFeature("kafka:t", 0, offset, offset, feature), null);
  }

  /** Lists become two each; lists keep their ids for good, so another model is sure to follow. */
  private static void splitLists(TestIndex index) throws IOException {
    Snapshot snapshot = index.newest();
    Maintenance maintenance =
        new Maintenance(index.storage, snapshot, Maintenance.KEEP_ALL_DELETES);
    Set<Integer> lists = new TreeSet<>();
    for (int list : ModelFile.read(index.storage, snapshot.model()).listIds()) {
      lists.add(list);
    }
    Change split = maintenance.split(lists, SplitSettings.defaults()).orElseThrow();
    new Committer(index.log, new ModelReassigner(index.storage)).commit(split);
  }

  private static Set<String> segmentFiles(TestIndex index) throws IOException {
    Set<String> files = new TreeSet<>();
    index.storage.list("segments").forEach(file -> files.add(file.path()));
    return files;
  }

  private void send(TestTopic topic, int count) {
    for (int i = 0; i < count; i++) {
      topic.upsert("id-" + sent, sent * 0.61f % 1, sent * 0.37f % 1, sent * 0.73f % 1, sent);
      sent++;
    }
  }
}
