package io.tarn.spark;

import java.io.IOException;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import java.util.function.Function;
import org.apache.spark.SparkContext;
import org.apache.spark.SparkJobInfo;
import org.apache.spark.SparkStageInfo;
import org.apache.spark.SparkStatusTracker;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import scala.Option;

/**
 * The steps of a job: timed, told to the log, and shown as descriptions in Spark's own pages. Of
 * long ones it is told now and then how far they are.
 */
final class Phases {
  private static final Logger LOG = LoggerFactory.getLogger(Phases.class);
  private static final double NANOS_PER_SECOND = TimeUnit.SECONDS.toNanos(1);
  private static final long INTERVAL_MS = 10_000;

  private final SparkContext context;
  private final String job;
  private final long intervalMs;
  private final Consumer<String> progress;
  private final Map<String, Double> seconds = new LinkedHashMap<>();

  interface Step<T> {
    T run() throws IOException;
  }

  Phases(SparkContext context, String job) {
    this(context, job, INTERVAL_MS, LOG::info);
  }

  /**
   * @param intervalMs how often is told how far a step is
   * @param progress receives that
   */
  Phases(SparkContext context, String job, long intervalMs, Consumer<String> progress) {
    this.context = context;
    this.job = job;
    this.intervalMs = intervalMs;
    this.progress = progress;
  }

  /**
   * Runs a step.
   *
   * @param name what it does, such as {@code train}
   * @param outcome says what came of it, for the log
   */
  <T> T run(String name, Step<T> step, Function<T, String> outcome) throws IOException {
    context.setJobDescription(job + ": " + name);
    String tag = "tarn-" + UUID.randomUUID();
    context.addJobTag(tag);
    long startNanos = System.nanoTime();
    ScheduledExecutorService clock = clock();
    Future<?> ticks =
        clock.scheduleAtFixedRate(
            () -> progress.accept(progress(name, tag, startNanos)),
            intervalMs,
            intervalMs,
            TimeUnit.MILLISECONDS);
    try {
      T result = step.run();
      double taken = (System.nanoTime() - startNanos) / NANOS_PER_SECOND;
      seconds.merge(name, taken, Double::sum);
      LOG.info(
          "{} {}: {} in {} s",
          job,
          name,
          outcome.apply(result),
          String.format(Locale.ROOT, "%.1f", taken));
      return result;
    } finally {
      ticks.cancel(false);
      clock.shutdown();
      context.removeJobTag(tag);
      context.setJobDescription(null);
    }
  }

  private static ScheduledExecutorService clock() {
    return Executors.newSingleThreadScheduledExecutor(
        work -> {
          Thread thread = new Thread(work, "tarn-progress");
          thread.setDaemon(true);
          return thread;
        });
  }

  /** Such as {@code build write: 3 of 12 tasks after 20 s}; of work on the driver only the time. */
  private String progress(String name, String tag, long startNanos) {
    SparkStatusTracker tracker = context.statusTracker();
    int tasks = 0;
    int done = 0;
    for (int jobId : tracker.getJobIdsForTag(tag)) {
      Option<SparkJobInfo> info = tracker.getJobInfo(jobId);
      for (int stage : info.isEmpty() ? new int[0] : info.get().stageIds()) {
        Option<SparkStageInfo> stageInfo = tracker.getStageInfo(stage);
        // Stages whose outcome is there already are passed over, and never get tasks.
        if (stageInfo.isDefined() && stageInfo.get().submissionTime() > 0) {
          tasks += stageInfo.get().numTasks();
          done += stageInfo.get().numCompletedTasks();
        }
      }
    }
    String soFar = tasks == 0 ? "" : count(done) + " of " + count(tasks) + " tasks ";
    return "%s %s: %safter %.0f s"
        .formatted(job, name, soFar, (System.nanoTime() - startNanos) / NANOS_PER_SECOND);
  }

  /** The seconds each step took, in the order in which they ran. */
  Map<String, Double> seconds() {
    return Collections.unmodifiableMap(new LinkedHashMap<>(seconds));
  }

  /** A number as people read it. */
  static String count(long number) {
    return String.format(Locale.ROOT, "%,d", number);
  }
}
