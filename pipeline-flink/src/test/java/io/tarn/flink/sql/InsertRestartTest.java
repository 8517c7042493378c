package io.tarn.flink.sql;

import static org.assertj.core.api.Assertions.assertThat;

import io.tarn.flink.KafkaExtension;
import io.tarn.flink.TestJob;
import io.tarn.flink.Waiting;
import io.tarn.index.feature.Feature;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.apache.flink.api.common.JobStatus;
import org.apache.flink.core.execution.JobClient;
import org.apache.flink.core.execution.SavepointFormatType;
import org.apache.flink.table.api.EnvironmentSettings;
import org.apache.flink.table.api.TableEnvironment;
import org.apache.flink.table.functions.ScalarFunction;
import org.apache.flink.test.junit5.MiniClusterExtension;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.serialization.StringSerializer;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.io.TempDir;

/** Endless queries that write to an index, over failures and restarts. */
class InsertRestartTest {
  private static final long LIMIT_MS = 120_000;
  private static final int BATCH = 300;

  /** How many rows pass before one fails; none fails once it is below zero. */
  private static final AtomicInteger UNTIL_FAILURE = new AtomicInteger(-1);

  @RegisterExtension static final KafkaExtension KAFKA = new KafkaExtension();

  @RegisterExtension static final MiniClusterExtension CLUSTER = TestJob.cluster();

  @TempDir Path dir;
  private SqlIndex index;
  private String topic;
  private final Map<String, Float> sent = new HashMap<>();

  /** Gives back what it is given, unless it fails. */
  public static final class Passing extends ScalarFunction {
    private static final long serialVersionUID = 1L;

    public String eval(String id) {
      if (UNTIL_FAILURE.getAndDecrement() == 0) {
        throw new IllegalStateException("a failure on purpose");
      }
      return id;
    }
  }

  @BeforeEach
  void makeIndexAndTopic() throws Exception {
    UNTIL_FAILURE.set(-1);
    index = SqlIndex.create(dir.resolve("index"), 5);
    topic = KAFKA.newTopic("arriving", 2);
  }

  /** New ids all of them: a row that is written twice shows in the number of rows. */
  private void sendBatch() throws Exception {
    try (KafkaProducer<String, String> producer =
        new KafkaProducer<>(
            Map.of("bootstrap.servers", KAFKA.bootstrapServers()),
            new StringSerializer(),
            new StringSerializer())) {
      List<Future<?>> sends = new ArrayList<>();
      for (int i = 0; i < BATCH; i++) {
        int number = sent.size();
        String id = "row " + number;
        String json = "{\"id\":\"" + id + "\",\"embedding\":[" + number + ",0,0,1]}";
        sends.add(producer.send(new ProducerRecord<>(topic, id, json)));
        sent.put(id, (float) number);
      }
      for (Future<?> send : sends) {
        send.get();
      }
    }
  }

  private JobClient start(String savepoint) {
    TableEnvironment sql = TableEnvironment.create(EnvironmentSettings.inStreamingMode());
    sql.getConfig().set("parallelism.default", "2");
    sql.getConfig().set("execution.checkpointing.interval", "200 ms");
    sql.getConfig().set("restart-strategy.type", "fixed-delay");
    sql.getConfig().set("restart-strategy.fixed-delay.attempts", "100");
    sql.getConfig().set("restart-strategy.fixed-delay.delay", "10 ms");
    if (savepoint != null) {
      sql.getConfig().set("execution.state-recovery.path", savepoint);
    }
    sql.createTemporarySystemFunction("passing", Passing.class);
    sql.executeSql(
        "CREATE TEMPORARY TABLE arriving (id STRING, embedding ARRAY<FLOAT>) WITH ('connector' ="
            + " 'kafka', 'topic' = '"
            + topic
            + "', 'properties.bootstrap.servers' = '"
            + KAFKA.bootstrapServers()
            + "', 'scan.startup.mode' = 'earliest-offset', 'format' = 'json')");
    sql.executeSql(
        "CREATE TEMPORARY TABLE idx (id STRING, vector ARRAY<FLOAT>) WITH ('connector' = 'tarn', 'sink.maintenance' = 'false', 'index' = '"
            + index.dir
            + "')");
    return sql.executeSql("INSERT INTO idx SELECT passing(id), embedding FROM arriving")
        .getJobClient()
        .orElseThrow();
  }

  private void awaitWritten(JobClient job, long rows) {
    Waiting.until(
        rows + " rows",
        LIMIT_MS,
        () -> {
          assertThat(job.getJobStatus().get()).isNotEqualTo(JobStatus.FAILED);
          return index.writtenRows() >= rows;
        });
  }

  private void assertHoldsWhatWasSent() throws Exception {
    Map<String, Float> live = new HashMap<>();
    for (Map.Entry<String, Feature> row : index.read().entrySet()) {
      live.put(row.getKey(), row.getValue().vector()[0]);
    }
    assertThat(live).isEqualTo(sent);
  }

  private static void cancel(JobClient job) throws Exception {
    job.cancel().get(LIMIT_MS, TimeUnit.MILLISECONDS);
    job.getJobExecutionResult()
        .handle((result, cancelled) -> cancelled)
        .get(LIMIT_MS, TimeUnit.MILLISECONDS);
  }

  @Test
  void everyRowIsWrittenOnceOverFailuresAndSavepoints() throws Exception {
    sendBatch();
    JobClient job = start(null);
    awaitWritten(job, BATCH);

    UNTIL_FAILURE.set(BATCH / 2);
    sendBatch();
    awaitWritten(job, 2 * BATCH);
    assertThat(UNTIL_FAILURE).hasValueLessThan(0);
    assertHoldsWhatWasSent();
    assertThat(index.writtenRows()).as("none twice").isEqualTo(2 * BATCH);

    String savepoint =
        job.stopWithSavepoint(
                false, dir.resolve("savepoints").toUri().toString(), SavepointFormatType.CANONICAL)
            .get(LIMIT_MS, TimeUnit.MILLISECONDS);
    sendBatch();
    job = start(savepoint);
    awaitWritten(job, 3 * BATCH);
    assertHoldsWhatWasSent();
    assertThat(index.writtenRows()).as("none twice").isEqualTo(3 * BATCH);
    cancel(job);

    // What came after the savepoint is read again, and upserted again.
    sendBatch();
    job = start(savepoint);
    awaitWritten(job, 5 * BATCH);
    assertHoldsWhatWasSent();
    assertThat(index.writtenRows()).isEqualTo(5 * BATCH);
    cancel(job);
  }
}
