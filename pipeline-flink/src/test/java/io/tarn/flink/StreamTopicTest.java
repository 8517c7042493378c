package io.tarn.flink;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.tarn.flink.TestJob.Plan;
import io.tarn.index.commit.Committer;
import io.tarn.index.feature.FeatureId;
import io.tarn.index.search.IndexReader;
import io.tarn.index.search.IndexView;
import io.tarn.index.snapshot.Change;
import io.tarn.index.snapshot.OffsetRange;
import io.tarn.index.snapshot.Snapshot;
import io.tarn.index.snapshot.SourceAdvance;
import io.tarn.index.storage.LocalStorage;
import io.tarn.index.write.ModelReassigner;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import org.apache.flink.runtime.execution.SuppressRestartsException;
import org.apache.flink.test.junit5.MiniClusterExtension;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Topics that are not what they were, and records that are there but do not count. */
class StreamTopicTest {
  @RegisterExtension static final KafkaExtension KAFKA = new KafkaExtension();
  @RegisterExtension static final MiniClusterExtension FLINK = TestJob.cluster();

  @TempDir Path dir;
  private int sent;

  /** Whether it ends before the position of the index, or after it, as if nothing had been. */
  @ParameterizedTest
  @ValueSource(ints = {5, 20})
  void aTopicThatWasMadeAnewIsRefusedUnlessOneIsTold(int recordsOfTheNewOne) throws Exception {
    TestIndex index = TestIndex.create(dir.resolve("index"));
    try (TestTopic topic = KAFKA.topic(1)) {
      send(topic, 10);
      topic.flush();
      TestJob first = new Plan(KAFKA, index, topic).start();
      first.awaitCaughtUp(index, topic);
      String savepoint = first.stopWithSavepoint(dir.resolve("savepoints"), false);
      Snapshot before = index.newest();
      try (TestTopic anew = KAFKA.recreate(topic.name)) {
        send(anew, recordsOfTheNewOne);
        anew.flush();

        for (Plan plan :
            new Plan[] {
              new Plan(KAFKA, index, topic), new Plan(KAFKA, index, topic).from(savepoint)
            }) {
          assertThatThrownBy(plan::start)
              .isInstanceOf(IOException.class)
              .hasMessageStartingWith(
                  "topic %s was deleted and made anew since the index read it: its id was %s and",
                  topic.name, before.source("kafka:" + topic.name).incarnation())
              .hasMessageContaining("--set kafka.read-anew=[" + topic.name + "]");
        }
        assertThat(index.newest()).isEqualTo(before);

        for (int run = 0; run < 2; run++) {
          // The setting may stay: the second job goes on where the first ended.
          new Plan(KAFKA, index, topic).set("kafka.read-anew", "[" + topic.name + "]").run();
          assertThat(index.writtenRows()).isEqualTo(sent);
          assertThat(index.newest().version()).isLessThanOrEqualTo(before.version() + 3);
          assertThat(index.positions(topic.name)).isEqualTo(anew.endOffsets());
          assertThat(IndexReader.open(index.storage).view().liveRowCount()).isEqualTo(sent);
        }
      }
    }
  }

  @ParameterizedTest
  @ValueSource(ints = {5, 20})
  void aTopicThatIsMadeAnewWhileTheJobRunsEndsIt(int recordsOfTheNewOne) throws Exception {
    TestIndex index = TestIndex.create(dir.resolve("index"));
    try (TestTopic topic = KAFKA.topic(1)) {
      TestJob job = new Plan(KAFKA, index, topic).start();
      send(topic, 10);
      job.awaitCaughtUp(index, topic);
      Snapshot before = index.newest();
      try (TestTopic anew = KAFKA.recreate(topic.name)) {
        send(anew, recordsOfTheNewOne);
        anew.flush();

        assertThat(job.awaitFailure())
            .hasStackTraceContaining("topic " + topic.name + " was deleted and made anew");
        assertThat(index.newest()).isEqualTo(before);
      }
    }
  }

  /** As an index has it that was last written before topics' ids were kept. */
  @Test
  void aTopicOfUnknownIdIsToldByItsEnd() throws Exception {
    TestIndex index = TestIndex.create(dir.resolve("index"));
    try (TestTopic topic = KAFKA.topic(1)) {
      send(topic, 5);
      topic.flush();
      SourceAdvance read =
          new SourceAdvance(new TreeMap<>(Map.of(0, new OffsetRange(-1, 0, 6))), 0);
      new Committer(index.log, new ModelReassigner(index.storage))
          .commit(
              new Change(
                  "old",
                  "stream",
                  index.newest().model().id(),
                  List.of(),
                  List.of(),
                  new TreeMap<>(Map.of("kafka:" + topic.name, read))));

      assertThat(new Plan(KAFKA, index, topic).start().awaitFailure())
          .hasStackTraceContaining(
              "the index has read "
                  + topic.name
                  + "-0 up to offset 6, but the partition ends at 5: the topic was deleted and"
                  + " made anew, or its broker lost records");

      new Plan(KAFKA, index, topic).set("kafka.read-anew", "[" + topic.name + "]").run();
      index.assertHolds(topic);
    }
  }

  /** A consumer that was slow enough sees no difference, and reads on in the middle of the new. */
  @Test
  void nothingIsCommittedOnceATopicIsAnother() throws Exception {
    TestIndex index = TestIndex.create(dir.resolve("index"));
    try (TestTopic topic = KAFKA.topic(1)) {
      Plan plan = new Plan(KAFKA, index, topic);
      TopicIds ids = KafkaTopics.prepare(plan.settings().kafka());
      try (SnapshotCommitter committer =
          new SnapshotCommitter(
              new LocalStorage(index.dir),
              new FeatureOrigin.Kafka(ids, KafkaLag.Topics.of(plan.settings().kafka())),
              Optional.empty())) {
        committer.commit(List.of());
        KAFKA.recreate(topic.name).close();

        assertThatThrownBy(() -> committer.commit(List.of()))
            .isInstanceOf(SuppressRestartsException.class)
            .hasRootCauseMessage(
                TopicIds.remade(
                    topic.name,
                    ids.bySource().get("kafka:" + topic.name),
                    KafkaTopics.prepare(plan.settings().kafka())
                        .bySource()
                        .get("kafka:" + topic.name)));
      }
    }
  }

  @Test
  void onlyCommittedTransactionsAreReadWhileTheJobRuns() throws Exception {
    TestIndex index = TestIndex.create(dir.resolve("index"));
    try (TestTopic topic = KAFKA.topic(1)) {
      TestJob job = new Plan(KAFKA, index, topic).start();
      for (int round = 0; round < 3; round++) {
        topic.inTransaction(
            false,
            () -> {
              topic.send("aborted", "{\"vector\":[1,2,3,4]}");
              topic.send("aborted", "nonsense");
            });
        topic.inTransaction(true, () -> send(topic, 2));
        // Positions tell nothing here: the end of the transaction has an offset, but is no record.
        job.await("the committed records are read", () -> index.writtenRows() >= sent);
      }
      job.cancel();

      IndexView view = IndexReader.open(index.storage).view();
      assertThat(view.get(FeatureId.of("aborted"))).isEmpty();
      assertThat(view.liveRowCount()).isEqualTo(sent);
      assertThat(index.writtenRows()).isEqualTo(sent);
      assertThat(TestTopic.read(KAFKA.bootstrapServers(), topic.name + "-dead")).isEmpty();
    }
  }

  private void send(TestTopic topic, int count) {
    for (int i = 0; i < count; i++) {
      topic.upsert("id-" + sent, sent, 0, 1, 2);
      sent++;
    }
  }
}
