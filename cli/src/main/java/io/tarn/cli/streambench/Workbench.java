package io.tarn.cli.streambench;

import io.tarn.benchmark.Vectors;
import io.tarn.cli.local.Cleanup;
import io.tarn.cli.local.LocalFlink;
import io.tarn.flink.StreamSettings;
import io.tarn.settings.Settings;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Consumer;
import org.apache.flink.streaming.api.environment.StreamExecutionEnvironment;

/** What all measurements need: a broker, lists for indexes without rows, and jobs in this JVM. */
public final class Workbench {
  private static final String REPORTER = "metrics.reporter.bench.factory.class";

  private final Plan plan;
  private final Cleanup cleanup;
  private final Consumer<String> log;
  private final BrokerProcess broker;
  private final EmptyIndex empty;
  private final Path directory;
  private int made;

  /**
   * What to measure with.
   *
   * @param vectors what the records hold
   * @param trainedOn how many of the first vectors lists are trained on at most
   * @param encoding how the records are written
   * @param nlist lists of the indexes
   * @param checkpointIntervalMs how often the job commits
   * @param parallelism subtasks of the job, and partitions of the topic
   */
  public record Plan(
      Vectors vectors,
      int trainedOn,
      RecordEncoding encoding,
      int nlist,
      long checkpointIntervalMs,
      int parallelism) {}

  /** A part of the stream job, or all of it. */
  interface Pipeline {
    void build(StreamExecutionEnvironment environment, StreamSettings settings)
        throws IOException, InterruptedException;
  }

  /**
   * Starts the broker and trains the lists.
   *
   * @param log is told what is being done
   */
  public Workbench(Plan plan, Cleanup cleanup, Consumer<String> log) throws IOException {
    this.plan = plan;
    this.cleanup = cleanup;
    this.log = log;
    directory = cleanup.temporaryDirectory("tarn-bench-stream-");
    broker = cleanup.add(BrokerProcess.start());
    say("training " + plan.nlist + " lists");
    empty = EmptyIndex.trainedOn(plan.vectors.first(plan.trainedOn), plan.nlist);
  }

  Plan plan() {
    return plan;
  }

  void say(String what) {
    log.accept(what);
  }

  /** Processor time of the broker. */
  Duration brokerTime() {
    return broker.processorTime();
  }

  /** Processor time of this JVM: job, readers and producers. */
  static Duration ownTime() {
    return ProcessHandle.current().info().totalCpuDuration().orElse(Duration.ZERO);
  }

  /**
   * Makes a topic.
   *
   * @param lingerMs how long records wait for others that go the same way
   */
  Topic topic(String name, int lingerMs) throws IOException {
    broker.createTopic(name, plan.parallelism);
    return cleanup.add(
        new Topic(broker.bootstrapServers(), name, plan.parallelism, plan.encoding, lingerMs));
  }

  /** Makes an index without rows. */
  Path index() throws IOException {
    Path index = directory.resolve("index-" + ++made);
    empty.create(index);
    return index;
  }

  /** Starts a job that reads a topic. */
  LocalFlink start(Pipeline pipeline, String topic, Path index, boolean bounded) throws Exception {
    return start(pipeline, topic, index, bounded, Map.of());
  }

  /**
   * Starts a job that reads a topic.
   *
   * @param more settings of the job
   */
  LocalFlink start(
      Pipeline pipeline, String topic, Path index, boolean bounded, Map<String, ?> more)
      throws Exception {
    Map<String, Object> values =
        new HashMap<>(
            Map.of(
                "index",
                index,
                "kafka.bootstrap-servers",
                broker.bootstrapServers(),
                "kafka.topics",
                List.of(topic),
                "kafka.format",
                plan.encoding,
                "checkpoint-interval-ms",
                plan.checkpointIntervalMs,
                "parallelism",
                plan.parallelism,
                "bounded",
                bounded));
    values.putAll(more);
    StreamSettings settings =
        Settings.load(StreamSettings.class, Optional.empty(), List.of(), values);
    Path flink = cleanup.temporaryDirectory("tarn-bench-flink-");
    StreamExecutionEnvironment environment =
        LocalFlink.environment(
            plan.parallelism, flink, Map.of(REPORTER, JobMetrics.Factory.class.getName()));
    pipeline.build(environment, settings);
    return cleanup.add(LocalFlink.start(environment, "tarn bench stream", flink));
  }

  /** Ends a job. */
  void end(LocalFlink job) {
    cleanup.closeNow(job);
  }

  /** What is measured, as tables call it. */
  String description() {
    return "%d values a vector, %s records, %d partitions and subtasks, checkpoints every %,d ms,"
            .formatted(
                plan.vectors.dimension(),
                plan.encoding,
                plan.parallelism,
                plan.checkpointIntervalMs)
        + " %,d lists, rabitq".formatted(empty.lists());
  }
}
