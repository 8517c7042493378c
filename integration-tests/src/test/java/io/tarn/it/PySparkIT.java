package io.tarn.it;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * The script of docs/spark.md, run by Python on the job jar. It needs {@code python3} and PySpark,
 * which Maven cannot bring: installed, or in the folders that {@code TARN_PYSPARK} names as {@code
 * PYTHONPATH} would.
 */
class PySparkIT {
  private static final Duration LIMIT = Duration.ofMinutes(3);

  @TempDir Path directory;

  @Test
  void theScriptOfTheGuideRuns() throws Exception {
    Map<String, String> environment = new HashMap<>();
    String folders = System.getenv("TARN_PYSPARK");
    if (folders != null) {
      environment.put("PYTHONPATH", folders);
    }
    assumeTrue(
        hasPySpark(environment),
        "no python3 here imports pyspark: install PySpark of Spark's version, or set TARN_PYSPARK to"
            + " its folders, such as $SPARK_HOME/python:$SPARK_HOME/python/lib/py4j-VERSION-src.zip");
    Path script = directory.resolve("products.py");
    Files.writeString(script, script());

    try (SparkHome home = SparkHome.layOut(directory.resolve("spark-home"))) {
      environment.putAll(home.environment());
      try (ChildProcess python =
          ChildProcess.start(
              "python", directory, environment, List.of("python3", script.toString()))) {
        assertThat(python.awaitExit(LIMIT)).as(python.tail()).isZero();
        assertThat(python.output())
            .contains(
                "rows: 3 of 4",
                "before: 3",
                "nearest: ['Scarf', 'Hat']",
                "answers: [(1, 'Kettle')]",
                "left: 3");
      }
    }
  }

  private boolean hasPySpark(Map<String, String> environment) {
    try (ChildProcess python =
        ChildProcess.start(
            "probe", directory, environment, List.of("python3", "-c", "import pyspark"))) {
      return python.awaitExit(LIMIT) == 0;
    } catch (IOException e) {
      // There is no python3.
      return false;
    }
  }

  /** The one Python block of the guide, with the test's own paths. */
  private String script() throws IOException {
    Path guide = Path.of(System.getProperty("tarn.root"), "docs", "spark.md");
    String text = Files.readString(guide);
    String fence = "```python\n";
    int start = text.indexOf(fence) + fence.length();
    String script = text.substring(start, text.indexOf("```", start));
    assertThat(script).contains("/data/tarn-spark.jar").contains("/data/indexes");
    return script
        .replace("/data/tarn-spark.jar", System.getProperty("tarn.spark.jar"))
        .replace("/data/indexes", directory.resolve("indexes").toString());
  }
}
