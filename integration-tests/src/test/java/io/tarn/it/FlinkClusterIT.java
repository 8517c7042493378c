package io.tarn.it;

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
import io.tarn.index.storage.LocalStorage;
import io.tarn.index.storage.Storage;
import io.tarn.index.verify.IndexVerifier;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.NewTopic;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.serialization.ByteArraySerializer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * The stream on a Flink cluster and a broker of separate processes, submitted as README.md says:
 * nothing is lost or doubled when a TaskManager is killed in mid-stream, nor when the job stops
 * with a savepoint and goes on with another parallelism.
 */
class FlinkClusterIT {
  private static final String TOPIC = "features";
  private static final int PARTITIONS = 4;
  private static final int DIMENSION = 8;
  private static final int IDS = 500;
  private static final Duration CATCH_UP_LIMIT = Duration.ofMinutes(3);

  @TempDir Path directory;

  private final Map<Long, float[]> expected = new HashMap<>();
  private final SplittableRandom random = new SplittableRandom(1);
  private long order = 1;

  @Test
  void aKilledTaskManagerAndASavepointLoseAndDoubleNothing() throws Exception {
    Storage storage = new LocalStorage(directory.resolve("index"));
    createIndex(storage);
    try (BrokerProcess broker = BrokerProcess.start(directory.resolve("kafka"));
        FlinkCluster cluster = FlinkCluster.start(directory.resolve("flink"));
        KafkaProducer<byte[], byte[]> producer = producer(broker)) {
      createTopic(broker);
      ChildProcess taskManager = cluster.startTaskManager();
      produce(producer, 3_000);
      cluster.flink(run(broker, "-d", "-p", "2"));
      taskManager.await("a commit", CATCH_UP_LIMIT, () -> version(storage) > 1);

      taskManager.kill();
      produce(producer, 3_000);
      ChildProcess second = cluster.startTaskManager();
      awaitCaughtUp(second, storage, 6_000);
      assertIndexHoldsExactlyWhatWasSent(storage);

      String jobs = cluster.flink("list", "-r");
      String stopped =
          cluster.flink("stop", "-p", directory.resolve("savepoints").toUri().toString(), id(jobs));
      produce(producer, 1_000);
      cluster.flink(run(broker, "-d", "-p", "1", "-s", FlinkCluster.savepoint(stopped)));
      awaitCaughtUp(second, storage, 7_000);
      assertIndexHoldsExactlyWhatWasSent(storage);
    }
    assertThat(IndexVerifier.verify(storage).problems()).isEmpty();
  }

  /** The command of README.md, with other flags in place of its own. */
  private String[] run(BrokerProcess broker, String... flags) throws IOException {
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
                    "localhost:9092", broker.bootstrapServers()));
    for (String setting :
        List.of(
            "checkpoint-interval-ms=1000",
            "checkpoint-directory=" + directory.resolve("checkpoints").toUri())) {
      words.addAll(List.of("--set", setting));
    }
    return words.toArray(new String[0]);
  }

  private static String id(String runningJobs) {
    return Arrays.stream(runningJobs.split("\\s+"))
        .filter(word -> word.matches("[0-9a-f]{32}"))
        .findFirst()
        .orElseThrow(() -> new AssertionError("no running job in:\n" + runningJobs));
  }

  private void createIndex(Storage storage) throws IOException {
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

  private static void createTopic(BrokerProcess broker) throws Exception {
    try (Admin admin = Admin.create(Map.of("bootstrap.servers", broker.bootstrapServers()))) {
      admin.createTopics(List.of(new NewTopic(TOPIC, PARTITIONS, (short) 1))).all().get();
    }
  }

  private static KafkaProducer<byte[], byte[]> producer(BrokerProcess broker) {
    return new KafkaProducer<>(
        Map.of("bootstrap.servers", broker.bootstrapServers(), "acks", "all"),
        new ByteArraySerializer(),
        new ByteArraySerializer());
  }

  /** Upserts, and one delete in ten, of random ids; and what the index must hold after them. */
  private void produce(KafkaProducer<byte[], byte[]> producer, int records) {
    for (int i = 0; i < records; i++) {
      long id = random.nextInt(IDS);
      String value;
      if (random.nextInt(10) == 0) {
        value = "{\"op\":\"delete\",\"order\":" + order++ + "}";
        expected.remove(id);
      } else {
        float[] vector = new float[DIMENSION];
        for (int d = 0; d < DIMENSION; d++) {
          vector[d] = (float) random.nextDouble(-1, 1);
        }
        value = "{\"vector\":" + Arrays.toString(vector) + ",\"order\":" + order++ + "}";
        expected.put(id, vector);
      }
      byte[] key = Long.toString(id).getBytes(StandardCharsets.UTF_8);
      var unused = producer.send(new ProducerRecord<>(TOPIC, key, bytes(value)));
    }
    producer.flush();
  }

  private static byte[] bytes(String text) {
    return text.getBytes(StandardCharsets.UTF_8);
  }

  private static long version(Storage storage) {
    try {
      return new SnapshotLog(storage).newestVersion();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static void awaitCaughtUp(ChildProcess taskManager, Storage storage, long records) {
    taskManager.await(
        "all " + records + " records to be in the index",
        CATCH_UP_LIMIT,
        () -> {
          try {
            return new SnapshotLog(storage)
                    .newest().source("kafka:" + TOPIC).nextOffsets().values().stream()
                        .mapToLong(Long::longValue)
                        .sum()
                == records;
          } catch (IOException e) {
            throw new UncheckedIOException(e);
          }
        });
  }

  private void assertIndexHoldsExactlyWhatWasSent(Storage storage) throws Exception {
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
  }
}
