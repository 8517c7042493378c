package io.tarn.it;

import static java.util.stream.Collectors.toSet;
import static org.assertj.core.api.Assertions.assertThat;

import io.tarn.index.centroid.KMeans;
import io.tarn.index.centroid.Model;
import io.tarn.index.commit.Committer;
import io.tarn.index.commit.NewIndex;
import io.tarn.index.commit.SnapshotLog;
import io.tarn.index.feature.Feature;
import io.tarn.index.feature.FeatureId;
import io.tarn.index.feature.IdType;
import io.tarn.index.feature.Metric;
import io.tarn.index.feature.Schema;
import io.tarn.index.format.ModelFile;
import io.tarn.index.quantize.Quantizer;
import io.tarn.index.search.IndexReader;
import io.tarn.index.search.Probe;
import io.tarn.index.snapshot.Snapshot;
import io.tarn.index.storage.LocalStorage;
import io.tarn.index.storage.Storage;
import io.tarn.index.verify.IndexVerifier;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.SplittableRandom;
import java.util.TreeMap;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Future;
import java.util.function.Predicate;
import org.apache.avro.SchemaBuilder;
import org.apache.avro.file.DataFileWriter;
import org.apache.avro.generic.GenericData;
import org.apache.avro.generic.GenericDatumWriter;
import org.apache.avro.generic.GenericRecord;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.NewTopic;
import org.apache.kafka.clients.admin.OffsetSpec;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.clients.producer.RecordMetadata;
import org.apache.kafka.common.ElectionType;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.TopicPartitionInfo;
import org.apache.kafka.common.serialization.ByteArraySerializer;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInfo;
import org.junit.jupiter.api.io.TempDir;

/**
 * The stream on a Flink cluster and two brokers of separate processes, submitted as README.md says:
 * nothing is lost or doubled when one of them is killed in mid-stream, nor when the job stops with
 * a savepoint and goes on with another parallelism.
 */
class FlinkClusterIT {
  private static final int PARTITIONS = 4;
  private static final int DIMENSION = 8;
  private static final int IDS = 500;
  private static final Duration CATCH_UP_LIMIT = Duration.ofMinutes(3);
  private static final org.apache.avro.Schema AVRO =
      SchemaBuilder.record("Change")
          .fields()
          .requiredString("op")
          .name("vector")
          .type()
          .nullable()
          .array()
          .items()
          .floatType()
          .noDefault()
          .requiredLong("order")
          .endRecord();

  @TempDir static Path clusters;

  private static BrokerProcess controller;
  private static BrokerProcess broker;
  private static FlinkCluster flink;
  private static ChildProcess taskManager;

  @TempDir Path directory;

  private final Map<Long, float[]> expected = new HashMap<>();
  private final SplittableRandom random = new SplittableRandom(1);
  private long order = 1;
  private boolean avro;
  private String topic;
  private Storage storage;
  private KafkaProducer<byte[], byte[]> producer;

  @BeforeAll
  static void startClusters() throws IOException {
    controller = BrokerProcess.start(clusters.resolve("kafka-1"));
    broker = controller.join(clusters.resolve("kafka-2"), 2);
    flink = FlinkCluster.start(clusters.resolve("flink"));
    taskManager = flink.startTaskManager();
  }

  @AfterAll
  static void stopClusters() {
    for (AutoCloseable each : Arrays.asList(flink, broker, controller)) {
      try {
        if (each != null) {
          each.close();
        }
      } catch (Exception e) {
        throw new AssertionError("a process does not end", e);
      }
    }
  }

  @BeforeEach
  void createIndexAndTopic(TestInfo test) throws Exception {
    storage = new LocalStorage(directory.resolve("index"));
    createIndex();
    topic = "features-of-" + test.getTestMethod().orElseThrow().getName().toLowerCase(Locale.ROOT);
    createTopic();
    producer =
        new KafkaProducer<>(
            Map.of("bootstrap.servers", bootstrapServers(), "acks", "all"),
            new ByteArraySerializer(),
            new ByteArraySerializer());
  }

  @AfterEach
  void closeProducerAndCancelJobs() throws IOException {
    producer.close();
    for (String job : jobs()) {
      flink.flink("cancel", job);
    }
  }

  @Test
  void aKilledTaskManagerAndASavepointLoseAndDoubleNothing() throws Exception {
    produce(3_000);
    flink.flink(run("-d", "-p", "2"));
    awaitCommit();

    taskManager.kill();
    produce(3_000);
    taskManager = flink.startTaskManager();
    awaitCaughtUp();
    assertIndexHoldsExactlyWhatWasSent();

    String stopped =
        flink.flink(
            "stop", "-p", directory.resolve("savepoints").toUri().toString(), jobs().get(0));
    produce(1_000);
    flink.flink(run("-d", "-p", "1", "-s", FlinkCluster.savepoint(stopped)));
    awaitCaughtUp();
    assertIndexHoldsExactlyWhatWasSent();
  }

  /**
   * Without high availability the cluster forgets the job: it is submitted again, with no state.
   * Its records are Avro, which the cluster's own jars do not know how to read.
   */
  @Test
  void aJobThatAKilledJobManagerForgetsGoesOnWhereTheIndexEnds() throws Exception {
    avro = true;
    produce(2_000);
    flink.flink(run("-d", "-p", "2"));
    awaitCommit();
    produce(2_000);

    flink.killJobManager();
    produce(2_000);
    flink.startJobManager();
    flink.awaitTaskManager();
    flink.flink(run("-d", "-p", "2"));
    awaitCaughtUp();
    assertIndexHoldsExactlyWhatWasSent();
  }

  @Test
  void killedBrokersAndNewLeadersLoseAndDoubleNothing() throws Exception {
    produce(2_000);
    flink.flink(run("-d", "-p", "2"));
    awaitCommit();

    broker.kill();
    produce(2_000);
    awaitLeaders(Set.of(controller.nodeId()));
    awaitCaughtUp();
    assertIndexHoldsExactlyWhatWasSent();

    broker.restart();
    awaitReplicas();
    try (Admin admin = admin()) {
      admin.electLeaders(ElectionType.PREFERRED, null).partitions().get();
    }
    awaitLeaders(Set.of(controller.nodeId(), broker.nodeId()));
    produce(1_000);
    controller.kill();
    controller.restart();
    produce(1_000);
    awaitCaughtUp();
    assertIndexHoldsExactlyWhatWasSent();
  }

  private static String bootstrapServers() {
    return controller.bootstrapServers() + "," + broker.bootstrapServers();
  }

  private static Admin admin() {
    return Admin.create(Map.of("bootstrap.servers", bootstrapServers()));
  }

  private void awaitLeaders(Set<Integer> nodes) {
    awaitPartitions(
        "leaders " + nodes,
        all -> all.stream().map(p -> p.leader().id()).collect(toSet()).equals(nodes));
  }

  private void awaitReplicas() {
    awaitPartitions("two replicas", all -> all.stream().allMatch(p -> p.isr().size() == 2));
  }

  private void awaitPartitions(String what, Predicate<List<TopicPartitionInfo>> condition) {
    try (Admin admin = admin()) {
      taskManager.await(
          topic + " to have " + what,
          CATCH_UP_LIMIT,
          () -> {
            try {
              List<TopicPartitionInfo> partitions =
                  admin
                      .describeTopics(List.of(topic))
                      .allTopicNames()
                      .get()
                      .get(topic)
                      .partitions();
              return partitions.stream().allMatch(p -> p.leader() != null)
                  && condition.test(partitions);
            } catch (ExecutionException | InterruptedException e) {
              return false;
            }
          });
    }
  }

  /** The command of README.md, with other flags in place of its own. */
  private String[] run(String... flags) throws IOException {
    String conf = System.getProperty("tarn.root") + "/conf/stream.yaml";
    List<String> words =
        Readme.read()
            .words(
                "flink",
                Map.of(
                    "-d -p 2", String.join(" ", flags),
                    "pipeline-flink/target/tarn-flink.jar", System.getProperty("tarn.flink.jar"),
                    "conf/stream.yaml", conf,
                    "/data/index", directory.resolve("index").toString(),
                    "localhost:9092", bootstrapServers(),
                    "[features]", "[" + topic + "]"));
    for (String setting :
        List.of(
            "kafka.format=" + (avro ? "avro" : "json"),
            "checkpoint-interval-ms=1000",
            "checkpoint-directory=" + directory.resolve("checkpoints").toUri())) {
      words.addAll(List.of("--set", setting));
    }
    return words.toArray(new String[0]);
  }

  /** The ids of the jobs that run. */
  private static List<String> jobs() throws IOException {
    return Arrays.stream(flink.flink("list", "-r").split("\\s+"))
        .filter(word -> word.matches("[0-9a-f]{32}"))
        .toList();
  }

  private void createIndex() throws IOException {
    Schema schema = new Schema(IdType.INT64, DIMENSION, Metric.L2, List.of());
    float[] sample = new float[200 * DIMENSION];
    for (int i = 0; i < sample.length; i++) {
      sample[i] = (float) random.nextDouble(-1, 1);
    }
    float[] centroids = KMeans.train(Metric.L2, DIMENSION, sample, 8, 5, 1, 1);
    Model model = Model.of(Metric.L2, DIMENSION, centroids, Quantizer.byDefault());
    Committer.create(
        new SnapshotLog(storage),
        new NewIndex("test", schema, ModelFile.write(storage, model), null, List.of()));
  }

  /**
   * Each broker leads half of the partitions, and follows the other in the rest. It returns when
   * they know: should one refuse a producer's first batch and take the second, the first would be
   * out of sequence until it expires.
   */
  private void createTopic() throws Exception {
    Map<Integer, List<Integer>> replicas = new HashMap<>();
    for (int partition = 0; partition < PARTITIONS; partition++) {
      replicas.put(partition, partition % 2 == 0 ? List.of(1, 2) : List.of(2, 1));
    }
    try (Admin admin = admin()) {
      admin.createTopics(List.of(new NewTopic(topic, replicas))).all().get();
    }
    taskManager.await(
        topic + " to be known to its leaders",
        CATCH_UP_LIMIT,
        () -> {
          try {
            return endOffsets().size() == PARTITIONS;
          } catch (ExecutionException | InterruptedException e) {
            return false;
          }
        });
  }

  /** Upserts, and one delete in ten, of random ids; and what the index must hold after them. */
  private void produce(int records) throws Exception {
    List<Future<RecordMetadata>> sent = new ArrayList<>();
    for (int i = 0; i < records; i++) {
      long id = random.nextInt(IDS);
      float[] vector = null;
      if (random.nextInt(10) == 0) {
        expected.remove(id);
      } else {
        vector = new float[DIMENSION];
        for (int d = 0; d < DIMENSION; d++) {
          vector[d] = (float) random.nextDouble(-1, 1);
        }
        expected.put(id, vector);
      }
      byte[] value = avro ? avro(vector, order) : json(vector, order);
      order++;
      byte[] key = Long.toString(id).getBytes(StandardCharsets.UTF_8);
      sent.add(producer.send(new ProducerRecord<>(topic, key, value)));
    }
    for (Future<RecordMetadata> each : sent) {
      each.get();
    }
  }

  /** A delete if there is no vector. */
  private static byte[] json(float[] vector, long order) {
    String content = vector == null ? "\"op\":\"delete\"" : "\"vector\":" + Arrays.toString(vector);
    return ("{" + content + ",\"order\":" + order + "}").getBytes(StandardCharsets.UTF_8);
  }

  /** The same, as a container that brings its schema. */
  private static byte[] avro(float[] vector, long order) throws IOException {
    GenericRecord record = new GenericData.Record(AVRO);
    record.put("op", vector == null ? "delete" : "upsert");
    record.put("order", order);
    if (vector != null) {
      List<Float> values = new ArrayList<>();
      for (float value : vector) {
        values.add(value);
      }
      record.put("vector", values);
    }
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    try (DataFileWriter<GenericRecord> container =
        new DataFileWriter<>(new GenericDatumWriter<>(AVRO))) {
      container.create(AVRO, bytes);
      container.append(record);
    }
    return bytes.toByteArray();
  }

  private void awaitCommit() {
    taskManager.await("a commit", CATCH_UP_LIMIT, () -> newest().version() > 1);
  }

  private Snapshot newest() {
    try {
      return new SnapshotLog(storage).newest();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** Until the index has as many records of each partition as the partition. */
  private void awaitCaughtUp() throws Exception {
    Map<Integer, Long> ends = endOffsets();
    assertThat(ends.values().stream().mapToLong(Long::longValue).sum()).isEqualTo(order - 1);
    try {
      taskManager.await(
          "the index to hold the records before offsets " + ends,
          CATCH_UP_LIMIT,
          () -> positions().equals(ends));
    } catch (AssertionError e) {
      throw new AssertionError("the index ends at offsets " + positions() + ", not " + ends, e);
    }
  }

  private Map<Integer, Long> positions() {
    return newest().source("kafka:" + topic).nextOffsets();
  }

  private Map<Integer, Long> endOffsets() throws ExecutionException, InterruptedException {
    Map<TopicPartition, OffsetSpec> partitions = new HashMap<>();
    for (int partition = 0; partition < PARTITIONS; partition++) {
      partitions.put(new TopicPartition(topic, partition), OffsetSpec.latest());
    }
    Map<Integer, Long> ends = new TreeMap<>();
    try (Admin admin = admin()) {
      admin
          .listOffsets(partitions)
          .all()
          .get()
          .forEach((partition, end) -> ends.put(partition.partition(), end.offset()));
    }
    return ends;
  }

  private void assertIndexHoldsExactlyWhatWasSent() throws Exception {
    IndexReader reader = IndexReader.open(storage);
    Map<Long, float[]> live = new HashMap<>();
    reader.view().forEachLive(f -> live.put((Long) f.id().toObject(), f.vector()));
    assertThat(live.keySet()).isEqualTo(expected.keySet());
    expected.forEach((id, vector) -> assertThat(live.get(id)).containsExactly(vector));
    assertThat(reader.view().liveRowCount()).isEqualTo(expected.size());
    for (Map.Entry<Long, float[]> row : expected.entrySet()) {
      Feature found = reader.get(FeatureId.of(row.getKey())).orElseThrow();
      assertThat(found.vector()).containsExactly(row.getValue());
      assertThat(reader.search(row.getValue(), 1, Probe.exact()).hits().get(0).id())
          .isEqualTo(found.id());
    }
    assertThat(IndexVerifier.verify(storage).problems()).isEmpty();
  }
}
