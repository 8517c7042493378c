package io.tarn.flink;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.tuple;

import io.tarn.embedding.Embedder;
import io.tarn.embedding.Word2VecEmbedder;
import io.tarn.flink.TestJob.Plan;
import io.tarn.index.feature.Feature;
import io.tarn.index.feature.FeatureId;
import io.tarn.index.feature.IdType;
import io.tarn.index.feature.Metric;
import io.tarn.index.feature.Schema;
import io.tarn.index.search.IndexReader;
import io.tarn.index.search.IndexView;
import io.tarn.index.search.Probe;
import io.tarn.index.snapshot.SegmentRef;
import io.tarn.index.snapshot.Snapshot;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HexFormat;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.apache.flink.runtime.testutils.InMemoryReporter;
import org.apache.flink.test.junit5.MiniClusterExtension;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.header.Header;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

class StreamJobTest {
  @RegisterExtension static final KafkaExtension KAFKA = new KafkaExtension();

  private static final InMemoryReporter METRICS = InMemoryReporter.createWithRetainedMetrics();

  @RegisterExtension static final MiniClusterExtension FLINK = TestJob.cluster(METRICS);

  private static final Embedder EMBEDDER =
      Word2VecEmbedder.of(
          Map.of("read", new float[] {1, 2, 3, 4}, "line", new float[] {4, 3, 2, 1}),
          Map.of("read", 1L, "line", 1L),
          2);

  @TempDir Path dir;

  @Test
  void upsertsAndDeletesArriveWhileTheJobRuns() throws Exception {
    TestIndex index = TestIndex.create(dir.resolve("index"));
    try (TestTopic topic = KAFKA.topic(3)) {
      TestJob job = new Plan(KAFKA, index, topic).set("parallelism", "2").start();
      for (int i = 0; i < 200; i++) {
        topic.upsert("id-" + i, i, 1, 2, 3);
      }
      job.awaitCaughtUp(index, topic);
      index.assertHolds(topic);

      for (int i = 0; i < 200; i += 3) {
        topic.upsert("id-" + i, -i, 1, 2, 3);
        topic.delete("id-" + (i + 1));
      }
      job.awaitCaughtUp(index, topic);
      index.assertHolds(topic);
      job.cancel();
    }
  }

  @Test
  void theLargestOrderWinsInWhicheverOrderAndVersionItArrives() throws Exception {
    TestIndex index = TestIndex.create(dir.resolve("index"));
    try (TestTopic topic = KAFKA.topic(2)) {
      TestJob job = new Plan(KAFKA, index, topic).start();
      for (int round = 0; round < 2; round++) {
        // In the second round every record is in a later version than its rivals.
        topic.upsertAt(100, "late upsert", 1, round, 0, 0);
        topic.upsertAt(100, "late delete", 2, round, 0, 0);
        topic.upsertAt(100, "deleted", 3, round, 0, 0);
        topic.deleteAt(100, "stays deleted");
        topic.upsertAt(100, "equal orders", 4, round, 0, 0);
        topic.upsertAt(100, "equal orders", 5, round, 0, 0);
        topic.deleteAt(100, "equal, revived");
        topic.upsertAt(100, "equal, revived", 6, round, 0, 0);
        topic.upsertAt(100, "equal, deleted", 7, round, 0, 0);
        topic.deleteAt(100, "equal, deleted");
        if (round == 1) {
          job.awaitCaughtUp(index, topic);
        }
        topic.upsertAt(99, "late upsert", -1, round, 0, 0);
        topic.deleteAt(99, "late delete");
        topic.deleteAt(101, "deleted");
        topic.upsertAt(99, "stays deleted", -3, round, 0, 0);
        topic.upsertAt(100, "equal orders", 8, round, 0, 0);
        job.awaitCaughtUp(index, topic);
        index.assertHolds(topic);
      }
      assertThat(topic.live().keySet())
          .extracting(FeatureId::toString)
          .containsExactlyInAnyOrder(
              "late upsert", "late delete", "equal orders", "equal, revived");
      job.cancel();
    }
  }

  @Test
  void badRecordsAreSetAsideAsTheyCame() throws Exception {
    TestIndex index = TestIndex.create(dir.resolve("index"), TestIndex.SCHEMA, EMBEDDER);
    try (TestTopic topic = KAFKA.topic(1)) {
      byte[] notUtf8 = {(byte) 0xff, 1};
      topic.upsert("good", 1, 2, 3, 4);
      topic.send("a", "nonsense");
      topic.send("a", "{\"vector\":[1]}");
      topic.send("a", "{\"vector\":[1,NaN,3,4]}");
      topic.send("a", "{\"attributes\":{\"name\":1},\"vector\":[1,2,3,4]}");
      topic.send("a", "{}");
      topic.send("a", "{\"text\":\"unheard of\"}");
      topic.send("a", "{\"id\":\"b\",\"vector\":[1,2,3,4]}");
      topic.send((String) null, "{\"vector\":[1,2,3,4]}");
      topic.send(notUtf8, null);
      topic.send("a", "{\"vector\":[1,2,3,4],\"more\":\"" + "x".repeat(1000) + "\"}");
      topic.upsert("fine", 4, 3, 2, 1);
      topic.flush();

      new Plan(KAFKA, index, topic).set("kafka.max-record-bytes", "1000").run();

      index.assertHolds(topic);
      List<ConsumerRecord<byte[], byte[]>> dead = deadLetters(topic);
      assertThat(dead)
          .extracting(r -> header(r, "tarn.offset"), r -> header(r, "tarn.reason"))
          .containsExactlyInAnyOrder(
              tuple("1", "UNPARSABLE"),
              tuple("2", "WRONG_DIMENSION"),
              tuple("3", "NOT_FINITE"),
              tuple("4", "BAD_ATTRIBUTE"),
              tuple("5", "MISSING_VECTOR"),
              tuple("6", "NOT_EMBEDDABLE"),
              tuple("7", "BAD_ID"),
              tuple("8", "MISSING_ID"),
              tuple("9", "BAD_ID"),
              tuple("10", "OVERSIZED"));
      List<ConsumerRecord<byte[], byte[]>> sent =
          TestTopic.read(KAFKA.bootstrapServers(), topic.name);
      for (ConsumerRecord<byte[], byte[]> letter : dead) {
        int offset = Integer.parseInt(header(letter, "tarn.offset"));
        assertThat(letter.key()).isEqualTo(sent.get(offset).key());
        assertThat(letter.value()).isEqualTo(sent.get(offset).value());
        assertThat(header(letter, "tarn.topic")).isEqualTo(topic.name);
        assertThat(header(letter, "tarn.partition")).isEqualTo("0");
        assertThat(header(letter, "tarn.timestamp")).isEqualTo("" + sent.get(offset).timestamp());
        assertThat(header(letter, "tarn.message")).isNotBlank();
      }
    }
  }

  @Test
  void aDeadLetterIsThereBeforeTheIndexIsPastItsRecord() throws Exception {
    TestIndex index = TestIndex.create(dir.resolve("index"));
    try (TestTopic topic = KAFKA.topic(1)) {
      // Left to itself, the producer would wait for a minute.
      TestJob job =
          new Plan(KAFKA, index, topic).set("kafka.properties.linger.ms", "60000").start();
      topic.send("a", "nonsense");
      job.awaitCaughtUp(index, topic);

      assertThat(deadLetters(topic)).hasSize(1);
      job.cancel();
    }
  }

  @Test
  void aDeadLetterIsHardlyLargerThanItsRecord() {
    byte[] key = new byte[100_000];
    KafkaRecord record = new KafkaRecord("t", 1, 2, 3, key, null);
    DeadLetter letter = new DeadLetter(record, "BAD_ID", "x".repeat(100_000));

    ProducerRecord<byte[], byte[]> sent =
        new DeadLetter.ToKafka("dead").serialize(letter, null, null);

    assertThat(sent.key()).isSameAs(key);
    assertThat(sent.headers()).hasSize(6);
    for (Header header : sent.headers()) {
      assertThat(header.value()).hasSizeLessThan(400);
    }
  }

  @Test
  void aVersionIsPublishedForBadRecordsAloneButNoneForNothing() throws Exception {
    TestIndex index = TestIndex.create(dir.resolve("index"));
    try (TestTopic topic = KAFKA.topic(2);
        TestTopic other = KAFKA.topic(1)) {
      TestJob job = new Plan(KAFKA, index, topic, other).start();
      topic.send("a", "nonsense");
      job.awaitCaughtUp(index, topic);
      index.assertHolds(topic);
      Snapshot bad = index.newest();
      assertThat(bad.version()).isEqualTo(2);
      assertThat(bad.segments()).isEmpty();

      // Each savepoint is a checkpoint as well; the version after them is the next one.
      job.savepoint(dir.resolve("savepoints"));
      job.savepoint(dir.resolve("savepoints"));
      other.upsert("b", 1, 2, 3, 4);
      job.awaitCaughtUp(index, other);
      assertThat(index.newest().version()).isEqualTo(3);
      job.cancel();
    }
  }

  @Test
  void textIsEmbeddedAsTheIndexDoes() throws Exception {
    TestIndex index = TestIndex.create(dir.resolve("index"), TestIndex.SCHEMA, EMBEDDER);
    try (TestTopic topic = KAFKA.topic(1)) {
      long order = topic.send("a", "{\"text\":\"readLine of it\",\"attributes\":{\"name\":\"n\"}}");
      topic.expect("a", EMBEDDER.embed("read line"), order);
      topic.flush();

      new Plan(KAFKA, index, topic).run();

      index.assertHolds(topic);
      assertThat(IndexReader.open(index.storage).get(FeatureId.of("a")))
          .map(Feature::attributes)
          .hasValue(new Object[] {"n"});
    }
  }

  @Test
  void anEmbedderIsNotNeededForVectors() throws Exception {
    TestIndex index = TestIndex.create(dir.resolve("index"));
    try (TestTopic topic = KAFKA.topic(1)) {
      topic.send("a", "{\"text\":\"read\"}");
      topic.upsert("b", 1, 2, 3, 4);
      topic.flush();

      new Plan(KAFKA, index, topic).run();

      index.assertHolds(topic);
      assertThat(deadLetters(topic))
          .extracting(r -> header(r, "tarn.reason"), r -> header(r, "tarn.message"))
          .containsExactly(
              tuple("NOT_EMBEDDABLE", "the record has a text, but the index has no embedder"));
    }
  }

  @ParameterizedTest
  @EnumSource(names = {"BINARY", "AVRO", "DEBEZIUM_JSON"})
  void valuesCanHaveOtherFormats(RecordFormat format) throws Exception {
    TestIndex index = TestIndex.create(dir.resolve("index"));
    Path schema = dir.resolve("feature.avsc");
    Files.writeString(
        schema,
        """
        {"type": "record", "name": "Feature", "fields": [
            {"name": "vector", "type": {"type": "array", "items": "float"}}]}""");
    ByteBuffer floats = ByteBuffer.allocate(16).order(ByteOrder.LITTLE_ENDIAN);
    floats.putFloat(1).putFloat(2).putFloat(3).putFloat(4);
    String hex = HexFormat.of().formatHex(floats.array());
    byte[] value =
        switch (format) {
          case JSON -> throw new AssertionError("the other tests use it");
          case BINARY -> HexFormat.of().parseHex("0110" + "04000000" + hex);
          case AVRO -> HexFormat.of().parseHex("08" + hex + "00");
          case DEBEZIUM_JSON -> "{\"op\":\"c\",\"after\":{\"vector\":[1,2,3,4]}}".getBytes(UTF_8);
        };
    String key = format == RecordFormat.DEBEZIUM_JSON ? "{\"sku\":\"%s\"}" : "%s";
    try (TestTopic topic = KAFKA.topic(1)) {
      for (String id : List.of("a", "b")) {
        long order = topic.send(key.formatted(id).getBytes(UTF_8), value);
        topic.expect(id, new float[] {1, 2, 3, 4}, order);
      }
      topic.expect("a", null, topic.send(key.formatted("a"), null));
      topic.send(key.formatted("c"), "nonsense");
      topic.flush();

      Plan plan =
          new Plan(KAFKA, index, topic)
              .set("kafka.format", format.name().toLowerCase(Locale.ROOT).replace('_', '-'));
      if (format == RecordFormat.AVRO) {
        plan.set("kafka.avro-schema", schema.toString());
      }
      plan.run();

      index.assertHolds(topic);
      assertThat(deadLetters(topic))
          .extracting(r -> header(r, "tarn.offset"), r -> header(r, "tarn.reason"))
          .containsExactly(tuple("3", "UNPARSABLE"));
    }
  }

  @Test
  void aVectorOfAnotherEmbedderIsSetAside() throws Exception {
    TestIndex index = TestIndex.create(dir.resolve("index"), TestIndex.SCHEMA, EMBEDDER);
    try (TestTopic topic = KAFKA.topic(1)) {
      String value = "{\"vector\":[1,2,3,4],\"embedder\":\"%s\"}";
      long order = topic.send("own", value.formatted(index.newest().embedder().fingerprint()));
      topic.expect("own", new float[] {1, 2, 3, 4}, order);
      topic.send("other", value.formatted("0123456789abcdef0123456789abcdef"));
      topic.flush();

      new Plan(KAFKA, index, topic).run();

      index.assertHolds(topic);
      assertThat(deadLetters(topic))
          .extracting(r -> header(r, "tarn.reason"), r -> header(r, "tarn.message"))
          .containsExactly(
              tuple(
                  "OTHER_EMBEDDER",
                  "the record is of the embedder 0123456789abcdef0123456789abcdef, the index has "
                      + EMBEDDER.fingerprint()));
    }
  }

  @Test
  void tooManyBadRecordsEndTheJobBeforeTheyArePassed() throws Exception {
    TestIndex index = TestIndex.create(dir.resolve("index"));
    try (TestTopic topic = KAFKA.topic(1)) {
      for (int i = 0; i < 80; i++) {
        topic.upsert("id-" + i, i, 0, 1, 2);
      }
      for (int i = 0; i < 20; i++) {
        topic.send("bad-" + i, "nonsense");
      }
      topic.flush();
      Plan plan = new Plan(KAFKA, index, topic).withoutCheckpoints();

      plan.set("bounded", "true").set("kafka.max-bad-share", "0.19");
      Throwable failure = plan.start().awaitFailure();

      assertThat(failure)
          .hasStackTraceContaining(
              "20 of the last 100 records are bad, and kafka.max-bad-share allows 0.19");
      assertThat(index.newest().version()).isEqualTo(1);
      // The dead letters tell what is wrong.
      assertThat(deadLetters(topic)).hasSize(20);

      new Plan(KAFKA, index, topic).set("kafka.max-bad-share", "0.2").run();
      index.assertHolds(topic);
    }
  }

  @Test
  void aBoundedJobEndsWithEverythingCommitted() throws Exception {
    TestIndex index = TestIndex.create(dir.resolve("index"));
    try (TestTopic topic = KAFKA.topic(5);
        TestTopic other = KAFKA.topic(1)) {
      for (int i = 0; i < 500; i++) {
        topic.upsert("id-" + i, i, 0, 1, 2);
        other.upsert("other-" + i, i, 1, 1, 2);
      }
      topic.flush();
      other.flush();

      new Plan(KAFKA, index, topic, other).set("parallelism", "3").run();
      index.assertHolds(topic, other);
      assertThat(index.writtenRows()).isEqualTo(1_000);

      long version = index.newest().version();
      new Plan(KAFKA, index, topic, other).run();
      assertThat(index.newest().version()).isEqualTo(version);

      topic.upsert("one more", 1, 2, 3, 4);
      topic.flush();
      new Plan(KAFKA, index, topic, other).run();
      index.assertHolds(topic, other);
      assertThat(index.writtenRows()).isEqualTo(1_001);
    }
  }

  @Test
  void onlyCommittedTransactionsAreRead() throws Exception {
    TestIndex index = TestIndex.create(dir.resolve("index"));
    try (TestTopic topic = KAFKA.topic(1)) {
      topic.inTransaction(false, () -> topic.send("aborted", "{\"vector\":[1,2,3,4]}"));
      topic.inTransaction(true, () -> topic.upsert("committed", 1, 2, 3, 5));
      topic.inTransaction(false, () -> topic.send("aborted", "{\"vector\":[1,2,3,4]}"));

      new Plan(KAFKA, index, topic).run();
      assertThat(IndexReader.open(index.storage).view().liveRowCount()).isEqualTo(1);
      long last = index.positions(topic.name).get(0);
      assertThat(last).isLessThan(topic.endOffsets().get(0));

      // A change need not begin where the one before ended.
      topic.inTransaction(true, () -> topic.upsert("later", 1, 2, 3, 6));
      new Plan(KAFKA, index, topic).run();
      IndexView view = IndexReader.open(index.storage).view();
      assertThat(view.get(FeatureId.of("later"))).isPresent();
      assertThat(view.liveRowCount()).isEqualTo(2);
      assertThat(index.positions(topic.name).get(0)).isGreaterThan(last);
    }
  }

  @Test
  void metricsCountWhatHappens() throws Exception {
    TestIndex index = TestIndex.create(dir.resolve("index"));
    try (TestTopic topic = KAFKA.topic(2)) {
      for (int i = 0; i < 20; i++) {
        topic.upsert("id-" + i, i, 0, 1, 2);
      }
      topic.delete("id-3");
      topic.send("a", "nonsense");
      topic.send("a", "{\"op\":\"delete\",\"why\":\"because\"}");
      topic.flush();

      TestJob job = new Plan(KAFKA, index, topic).set("parallelism", "2").run();

      assertThat(job.metric(METRICS, "decode", "numRecordsIn")).isEqualTo(23);
      assertThat(job.metric(METRICS, "decode", "tarn.badRecords")).isEqualTo(1);
      assertThat(job.metric(METRICS, "decode", "tarn.knownRecords")).isEqualTo(0);
      assertThat(job.metric(METRICS, "decode", "tarn.ignoredFields")).isEqualTo(1);
      assertThat(job.metric(METRICS, "index: Committer", "tarn.committedRows"))
          .isEqualTo(index.newest().segments().stream().mapToLong(SegmentRef::rows).sum());
      assertThat(job.metric(METRICS, "index: Committer", "tarn.committedDeletes")).isEqualTo(2);
    }
  }

  @Test
  void aFullBufferBecomesASegmentAheadOfTheCheckpoint() throws Exception {
    TestIndex index = TestIndex.create(dir.resolve("index"));
    try (TestTopic topic = KAFKA.topic(1)) {
      for (int i = 0; i < 100; i++) {
        topic.upsert("id-" + i % 70, i, 0, 1, 2);
      }
      topic.flush();

      new Plan(KAFKA, index, topic).set("buffer-bytes", "2000").withoutCheckpoints().run();

      index.assertHolds(topic);
      assertThat(index.newest().version()).isEqualTo(2);
      assertThat(index.newest().segments()).hasSizeGreaterThan(5);
    }
  }

  @Test
  void idsCanBeNumbersAndVectorsDirections() throws Exception {
    Schema schema = new Schema(IdType.INT64, 3, Metric.COSINE, List.of());
    TestIndex index = TestIndex.create(dir.resolve("index"), schema, null);
    try (TestTopic topic = KAFKA.topic(2)) {
      for (long i = 1; i <= 20; i++) {
        byte[] key = ByteBuffer.allocate(Long.BYTES).putLong(-i).array();
        topic.send(key, ("{\"vector\":[" + i + ",1,0]}").getBytes(UTF_8));
      }
      topic.flush();

      new Plan(KAFKA, index, topic).set("kafka.key-format", "int64").run();

      IndexView view = IndexReader.open(index.storage).view();
      assertThat(view.liveRowCount()).isEqualTo(20);
      for (long i = 1; i <= 20; i++) {
        assertThat(view.search(new float[] {i, 1, 0}, 1, Probe.exact()).hits().get(0).id())
            .isEqualTo(FeatureId.of(-i));
      }
    }
  }

  private static List<ConsumerRecord<byte[], byte[]>> deadLetters(TestTopic topic) {
    return TestTopic.read(KAFKA.bootstrapServers(), topic.name + "-dead");
  }

  private static String header(ConsumerRecord<byte[], byte[]> record, String name) {
    Header header = record.headers().lastHeader(name);
    return header == null ? null : new String(header.value(), UTF_8);
  }
}
