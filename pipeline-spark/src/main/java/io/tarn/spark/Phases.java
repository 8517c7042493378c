package io.tarn.spark;

import java.io.IOException;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.function.Function;
import org.apache.spark.SparkContext;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** The steps of a job: timed, told to the log, and shown as descriptions in Spark's own pages. */
final class Phases {
  private static final Logger LOG = LoggerFactory.getLogger(Phases.class);
  private static final double NANOS_PER_SECOND = TimeUnit.SECONDS.toNanos(1);

  private final SparkContext context;
  private final String job;
  private final Map<String, Double> seconds = new LinkedHashMap<>();

  interface Step<T> {
    T run() throws IOException;
  }

  Phases(SparkContext context, String job) {
    this.context = context;
    this.job = job;
  }

  /**
   * Runs a step.
   *
   * @param name what it does, such as {@code train}
   * @param outcome says what came of it, for the log
   */
  <T> T run(String name, Step<T> step, Function<T, String> outcome) throws IOException {
    context.setJobDescription(job + ": " + name);
    long startNanos = System.nanoTime();
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
      context.setJobDescription(null);
    }
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
