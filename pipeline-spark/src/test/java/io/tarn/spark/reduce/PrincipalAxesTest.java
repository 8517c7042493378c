package io.tarn.spark.reduce;

import static org.assertj.core.api.Assertions.assertThat;

import io.tarn.spark.LocalSpark;
import java.util.List;
import java.util.Random;
import java.util.concurrent.CopyOnWriteArrayList;
import org.apache.logging.log4j.Level;
import org.apache.logging.log4j.core.LogEvent;
import org.apache.logging.log4j.core.LoggerContext;
import org.apache.logging.log4j.core.appender.AbstractAppender;
import org.apache.logging.log4j.core.config.LoggerConfig;
import org.apache.logging.log4j.core.config.Property;
import org.junit.jupiter.api.Test;

class PrincipalAxesTest {
  private static final int DIMENSION = 64;
  private static final int ROWS = 4096;

  /** What Spark's scheduler says, which in other tests is nothing. */
  private static List<String> saidByScheduler(Runnable job) {
    List<String> said = new CopyOnWriteArrayList<>();
    AbstractAppender appender =
        new AbstractAppender("said", null, null, true, Property.EMPTY_ARRAY) {
          @Override
          public void append(LogEvent event) {
            said.add(event.getMessage().getFormattedMessage());
          }
        };
    appender.start();
    LoggerContext context = LoggerContext.getContext(false);
    LoggerConfig scheduler =
        context.getConfiguration().getLoggerConfig("org.apache.spark.scheduler.TaskSetManager");
    Level before = scheduler.getLevel();
    boolean additive = scheduler.isAdditive();
    scheduler.setLevel(Level.INFO);
    scheduler.setAdditive(false);
    scheduler.addAppender(appender, Level.INFO, null);
    context.updateLoggers();
    try {
      job.run();
    } finally {
      scheduler.removeAppender("said");
      scheduler.setLevel(before);
      scheduler.setAdditive(additive);
      context.updateLoggers();
      appender.stop();
    }
    return said;
  }

  @Test
  void aSampleOfManyRowsIsNoPartOfTheTasks() {
    Random random = new Random(1);
    float[] rows = new float[ROWS * DIMENSION];
    for (int i = 0; i < rows.length; i++) {
      int value = i % DIMENSION;
      rows[i] = (float) (random.nextGaussian() * (value == 5 ? 10 : value == 9 ? 5 : 1));
    }
    PrincipalAxes[] axes = new PrincipalAxes[1];

    List<String> said =
        saidByScheduler(() -> axes[0] = PrincipalAxes.of(LocalSpark.session(), rows, DIMENSION, 2));

    assertThat(said).as("so it is listened to").anyMatch(line -> line.contains("Starting task"));
    assertThat(said).noneMatch(line -> line.contains("very large size"));
    float[] vector = new float[DIMENSION];
    vector[5] = 3;
    vector[9] = 2;
    float[] projected = new float[2];
    axes[0].project(vector, 0, projected, 0);
    assertThat(Math.abs(projected[0])).isBetween(2.9f, 3.1f);
    assertThat(Math.abs(projected[1])).isBetween(1.9f, 2.1f);
  }
}
