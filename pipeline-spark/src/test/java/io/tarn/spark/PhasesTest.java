package io.tarn.spark;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.LinkedBlockingQueue;
import org.apache.spark.SparkContext;
import org.apache.spark.api.java.JavaSparkContext;
import org.junit.jupiter.api.Test;

class PhasesTest {
  private static final CountDownLatch TOLD = new CountDownLatch(1);

  @Test
  void howFarALongStepIsIsTold() throws Exception {
    SparkContext context = LocalSpark.session().sparkContext();
    BlockingQueue<String> told = new LinkedBlockingQueue<>();
    Phases phases =
        new Phases(
            context,
            "build",
            1,
            line -> {
              told.add(line);
              if (line.contains("2 of 3 tasks")) {
                TOLD.countDown();
              }
            });
    long sum =
        phases.run(
            "count",
            () ->
                JavaSparkContext.fromSparkContext(context)
                    .parallelize(List.of(1L, 2L, 3L), 3)
                    .map(PhasesTest::waitIfLast)
                    .reduce(Long::sum),
            counted -> counted + " in all");
    assertThat(sum).isEqualTo(6);
    assertThat(told).anyMatch(line -> line.matches("build count: 2 of 3 tasks after \\d+ s"));
    assertThat(phases.seconds()).containsOnlyKeys("count");
  }

  /** The last task ends once it was told that the others have. */
  private static Long waitIfLast(Long number) throws InterruptedException {
    if (number == 3) {
      TOLD.await();
    }
    return number;
  }
}
