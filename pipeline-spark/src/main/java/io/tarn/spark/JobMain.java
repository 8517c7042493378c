package io.tarn.spark;

import io.tarn.embedding.EmbedderFileException;
import io.tarn.settings.JobArguments;
import io.tarn.settings.Settings;
import io.tarn.settings.SettingsException;
import io.tarn.spark.input.UnusableInputException;
import java.io.IOException;
import org.apache.spark.SparkConf;
import org.apache.spark.SparkUserAppException;
import org.apache.spark.sql.SparkSession;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** What the {@code main} methods of all jobs do. */
final class JobMain {
  private static final Logger LOG = LoggerFactory.getLogger(JobMain.class);
  private static final String TIME_ZONE = "spark.sql.session.timeZone";

  private JobMain() {}

  interface Job<S> {
    Record run(SparkSession spark, S settings) throws IOException;
  }

  /**
   * Runs a job: {@code [--conf-file FILE] [--set KEY=VALUE]…}.
   *
   * <p>A mistake in the settings or the input is told in one line. The exception that then ends the
   * job carries an exit status and no stack trace of interest: spark-submit turns it into that
   * status, in cluster mode the driver fails.
   */
  static <S extends Record> void run(String name, Class<S> type, String[] args, Job<S> job)
      throws SparkUserAppException {
    try {
      S settings = Settings.load(type, JobArguments.parse(args));
      LOG.info("Settings of {}:\n{}", name, Settings.describe(settings).stripTrailing());
      try (SparkSession spark = session(name)) {
        LOG.info("{}", job.run(spark, settings));
      }
    } catch (SettingsException | UnusableInputException | EmbedderFileException | IOException e) {
      LOG.error("{} failed: {}", name, message(e));
      LOG.debug("The whole story", e);
      throw new SparkUserAppException(1, null);
    }
  }

  private static SparkSession session(String name) {
    SparkSession.Builder builder = SparkSession.builder().appName("tarn " + name);
    if (!new SparkConf().contains(TIME_ZONE)) {
      // Dates and times without a zone mean the same wherever the job runs.
      builder.config(TIME_ZONE, "UTC");
    }
    return builder.getOrCreate();
  }

  /** Some exceptions of the JDK carry a path and nothing else. */
  private static String message(Exception e) {
    boolean isSentence = e.getMessage() != null && e.getMessage().contains(" ");
    return isSentence ? e.getMessage() : e.toString();
  }
}
