package io.tarn.flink;

import static org.assertj.core.api.Assertions.assertThat;

import io.tarn.settings.Settings;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.ServerSocket;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.apache.flink.api.common.JobStatus;
import org.apache.flink.configuration.CheckpointingOptions;
import org.apache.flink.configuration.Configuration;
import org.apache.flink.configuration.ExternalizedCheckpointRetention;
import org.apache.flink.configuration.HeartbeatManagerOptions;
import org.apache.flink.configuration.RestartStrategyOptions;
import org.apache.flink.configuration.RpcOptions;
import org.apache.flink.configuration.StateRecoveryOptions;
import org.apache.flink.core.execution.JobClient;
import org.apache.flink.core.execution.SavepointFormatType;
import org.apache.flink.metrics.Counter;
import org.apache.flink.metrics.Gauge;
import org.apache.flink.metrics.Metric;
import org.apache.flink.runtime.testutils.InMemoryReporter;
import org.apache.flink.runtime.testutils.MiniClusterResourceConfiguration;
import org.apache.flink.streaming.api.environment.StreamExecutionEnvironment;
import org.apache.flink.test.junit5.MiniClusterExtension;

/** A stream job on the mini cluster of the tests. */
public final class TestJob {
  /** Generous: it is what a hang looks like, not how fast a job must be. */
  static final long LIMIT_MS = 90_000;

  private static final Duration YEAR = Duration.ofDays(365);

  private final JobClient client;

  private TestJob(JobClient client) {
    this.client = client;
  }

  public static MiniClusterExtension cluster() {
    return cluster(1);
  }

  static MiniClusterExtension cluster(InMemoryReporter metrics) {
    return cluster(metrics, 1);
  }

  static MiniClusterExtension cluster(int taskManagers) {
    return cluster(InMemoryReporter.create(), taskManagers);
  }

  private static MiniClusterExtension cluster(InMemoryReporter metrics, int taskManagers) {
    return cluster(metrics.addToConfiguration(new Configuration()), taskManagers);
  }

  /** One that Prometheus can read the metrics of, set up as docs/operations.md says. */
  static MiniClusterExtension prometheusCluster(int port) {
    Configuration configuration = new Configuration();
    configuration.setString("metrics.reporters", "prom");
    configuration.setString(
        "metrics.reporter.prom.factory.class",
        "org.apache.flink.metrics.prometheus.PrometheusReporterFactory");
    configuration.setString("metrics.reporter.prom.port", Integer.toString(port));
    return cluster(configuration, 1);
  }

  static int freePort() {
    try (ServerSocket socket = new ServerSocket(0)) {
      return socket.getLocalPort();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static MiniClusterExtension cluster(Configuration configuration, int taskManagers) {
    // All parts are in this JVM: one that is silent is not lost, the machine was busy or asleep.
    configuration.set(HeartbeatManagerOptions.HEARTBEAT_TIMEOUT, Duration.ofHours(1));
    configuration.set(RpcOptions.ASK_TIMEOUT_DURATION, Duration.ofHours(1));
    return new MiniClusterExtension(
        new MiniClusterResourceConfiguration.Builder()
            .setConfiguration(configuration)
            .setNumberTaskManagers(taskManagers)
            .setNumberSlotsPerTaskManager(4)
            .build());
  }

  /** What to run. */
  static final class Plan {
    private final Configuration flink = new Configuration();
    private final List<String> overrides = new ArrayList<>();
    private StorageOpener opener;

    Plan(KafkaExtension kafka, TestIndex index, TestTopic... topics) {
      this(kafka.bootstrapServers(), index.dir, topics);
    }

    Plan(String bootstrapServers, Path index, TestTopic... topics) {
      this(
          bootstrapServers,
          index,
          Stream.of(topics).map(topic -> topic.name).toArray(String[]::new));
    }

    Plan(String bootstrapServers, Path index, String... topics) {
      set("index", index.toString());
      set("kafka.bootstrap-servers", bootstrapServers);
      set("kafka.topics", List.of(topics).toString());
      set("kafka.dead-letter-topic", topics[0] + "-dead");
      set("kafka.properties.metadata.max.age.ms", "1000");
      set("checkpoint-interval-ms", "200");
      set("parallelism", "1");
      set("checkpoint-directory", index.resolveSibling("checkpoints").toString());
      // Tests look at what writers wrote; those of maintenance ask for it.
      set("maintenance.enabled", "false");
    }

    Plan set(String key, String value) {
      overrides.add(key + "=" + value);
      return this;
    }

    /** Instead of the plain storage. */
    Plan storage(StorageOpener storage) {
      opener = storage;
      return this;
    }

    Plan from(String savepoint) {
      flink.set(StateRecoveryOptions.SAVEPOINT_PATH, savepoint);
      return this;
    }

    /** A checkpoint outlives the job. */
    Plan keepingCheckpoints() {
      flink.set(
          CheckpointingOptions.EXTERNALIZED_CHECKPOINT_RETENTION,
          ExternalizedCheckpointRetention.RETAIN_ON_CANCELLATION);
      return this;
    }

    /**
     * No checkpoint comes by itself, but for the one at the end of a bounded job. A long interval
     * alone is not enough: the first checkpoint comes at any time within it, and, if Flink starts
     * its timer twice, after the least pause.
     */
    Plan withoutCheckpoints() {
      flink.set(CheckpointingOptions.MIN_PAUSE_BETWEEN_CHECKPOINTS, YEAR);
      return set("checkpoint-interval-ms", Long.toString(YEAR.toMillis()));
    }

    /** Restarts at once, instead of with the job's own growing delays. */
    Plan restartingAtOnce() {
      flink.set(RestartStrategyOptions.RESTART_STRATEGY, "fixed-delay");
      flink.set(RestartStrategyOptions.RESTART_STRATEGY_FIXED_DELAY_ATTEMPTS, 200);
      flink.set(RestartStrategyOptions.RESTART_STRATEGY_FIXED_DELAY_DELAY, Duration.ofMillis(10));
      return this;
    }

    StreamSettings settings() {
      return Settings.load(StreamSettings.class, Optional.empty(), overrides, Map.of());
    }

    TestJob start() throws Exception {
      StreamExecutionEnvironment env = StreamExecutionEnvironment.getExecutionEnvironment(flink);
      if (opener == null) {
        StreamJob.build(env, settings());
      } else {
        StreamJob.build(env, settings(), opener);
      }
      return new TestJob(env.executeAsync(StreamJob.jobName(settings())));
    }

    /** Runs a bounded job to its end. */
    TestJob run() throws Exception {
      set("bounded", "true");
      TestJob job = start();
      job.awaitEnd();
      return job;
    }
  }

  /** Returns once the index holds everything that was sent to the topics. */
  void awaitCaughtUp(TestIndex index, TestTopic... topics) {
    for (TestTopic topic : topics) {
      topic.flush();
      await(
          "the index has read " + topic.name,
          () -> index.positions(topic.name).equals(topic.endOffsets()));
    }
  }

  /** Waits for something to come about while the job runs. */
  void await(String what, Callable<Boolean> condition) {
    Waiting.until(
        what,
        LIMIT_MS,
        () -> {
          if (failed()) {
            awaitEnd();
          }
          return condition.call();
        });
  }

  void awaitEnd() throws Exception {
    client.getJobExecutionResult().get(LIMIT_MS, TimeUnit.MILLISECONDS);
  }

  /** A counter or gauge of an operator, summed over its subtasks. */
  long metric(InMemoryReporter reporter, String operator, String name) {
    Map<String, Metric> found =
        reporter.findMetrics(
            client.getJobID(), Pattern.quote(operator) + "\\.\\d+\\." + name + "$");
    assertThat(found).as(name).isNotEmpty();
    return found.values().stream()
        .mapToLong(
            metric ->
                metric instanceof Gauge<?> gauge
                    ? ((Number) gauge.getValue()).longValue()
                    : ((Counter) metric).getCount())
        .sum();
  }

  /** A gauge of an operator of one subtask. */
  double gauge(InMemoryReporter reporter, String operator, String name) {
    Map<String, Metric> found =
        reporter.findMetrics(client.getJobID(), Pattern.quote(operator) + "\\.0\\." + name + "$");
    assertThat(found).as(name).hasSize(1);
    return ((Number) ((Gauge<?>) found.values().iterator().next()).getValue()).doubleValue();
  }

  /** Whether it has failed for good. */
  boolean failed() {
    try {
      return client.getJobStatus().get() == JobStatus.FAILED;
    } catch (InterruptedException | ExecutionException e) {
      throw new AssertionError("the job's status is unknown", e);
    }
  }

  /** Whether it has come to an end, good or bad. */
  boolean ended() throws Exception {
    return client.getJobStatus().get().isGloballyTerminalState();
  }

  /** Waits for the job to fail for good. */
  Throwable awaitFailure() throws Exception {
    try {
      awaitEnd();
    } catch (ExecutionException e) {
      return e;
    }
    throw new AssertionError("the job did not fail");
  }

  /** The end of the job, without a savepoint. */
  void cancel() throws Exception {
    client.cancel().get(LIMIT_MS, TimeUnit.MILLISECONDS);
    Waiting.until(
        "the job is gone", LIMIT_MS, () -> client.getJobStatus().get().isGloballyTerminalState());
  }

  void cancelUnlessFailed() throws Exception {
    try {
      cancel();
    } catch (ExecutionException e) {
      if (!failed()) {
        throw e;
      }
    }
  }

  /** As directories of checkpoints are called. */
  String id() {
    return client.getJobID().toString();
  }

  String savepoint(Path directory) throws Exception {
    return client
        .triggerSavepoint(directory.toUri().toString(), SavepointFormatType.CANONICAL)
        .get(LIMIT_MS, TimeUnit.MILLISECONDS);
  }

  String stopWithSavepoint(Path directory, boolean drain) throws Exception {
    String savepoint =
        client
            .stopWithSavepoint(drain, directory.toUri().toString(), SavepointFormatType.CANONICAL)
            .get(LIMIT_MS, TimeUnit.MILLISECONDS);
    awaitEnd();
    return savepoint;
  }
}
