package io.tarn.it;

import static org.assertj.core.api.Assertions.assertThat;

import io.tarn.index.feature.FeatureId;
import io.tarn.index.search.IndexReader;
import io.tarn.index.search.Probe;
import io.tarn.index.storage.LocalStorage;
import io.tarn.index.storage.Storage;
import io.tarn.index.verify.IndexVerifier;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The batch jobs on a Spark cluster of separate processes, submitted as README.md says. */
class SparkClusterIT {
  private static final int DIMENSION = 16;
  private static final Duration COMMAND_LIMIT = Duration.ofMinutes(3);
  private static final String JOB_JAR = System.getProperty("tarn.spark.jar");
  private static final String CONF = System.getProperty("tarn.root") + "/conf";

  @TempDir Path directory;

  private final SplittableRandom random = new SplittableRandom(1);

  @Test
  void buildAndAppendRunFromTheJobJarAndFromTheCommandLine() throws Exception {
    Path index = directory.resolve("index");
    List<float[]> vectors = new ArrayList<>();
    Path base = directory.resolve("base.json");
    write(base, vectors, 0, 2_000);
    Path more = directory.resolve("more.json");
    write(more, vectors, 2_000, 500);
    Path last = directory.resolve("last.json");
    write(last, vectors, 2_500, 100);

    try (SparkCluster cluster = SparkCluster.start(directory.resolve("spark"), 2)) {
      cluster.run(
          Readme.read()
              .words(
                  "spark-submit",
                  Map.of(
                      "spark://master:7077", cluster.master(),
                      "pipeline-spark/target/tarn-spark.jar", JOB_JAR,
                      "conf/build.yaml", CONF + "/build.yaml",
                      "/data/vectors.json", base.toString(),
                      "/data/index", index.toString())));
      cluster.run(append(more, index));
      appendByCommandLine(last, index, cluster.master());
    }

    Storage storage = new LocalStorage(index);
    assertThat(IndexVerifier.verify(storage).problems()).isEmpty();
    IndexReader reader = IndexReader.open(storage);
    assertThat(reader.view().snapshot().version()).isEqualTo(3);
    assertThat(reader.view().liveRowCount()).isEqualTo(2_600);
    for (int id = 0; id < vectors.size(); id += 97) {
      assertThat(reader.search(vectors.get(id), 1, Probe.exact()).hits().get(0).id())
          .isEqualTo(FeatureId.of((long) id));
    }
  }

  private void write(Path file, List<float[]> vectors, int firstId, int rows) throws IOException {
    List<String> lines = new ArrayList<>();
    for (int id = firstId; id < firstId + rows; id++) {
      float[] vector = new float[DIMENSION];
      for (int i = 0; i < DIMENSION; i++) {
        vector[i] = (float) random.nextDouble(-1, 1);
      }
      vectors.add(vector);
      lines.add("{\"id\":" + id + ",\"vector\":" + Arrays.toString(vector) + "}");
    }
    Files.write(file, lines);
  }

  /** The command line's JVM is the driver; its classes are not those of the executors' jar. */
  private void appendByCommandLine(Path input, Path index, String master) throws IOException {
    List<String> command =
        List.of(
            System.getProperty("tarn.root") + "/tarn",
            "append",
            "--master",
            master,
            "--input",
            input.toString(),
            "--index",
            index.toString());
    try (ChildProcess process =
        ChildProcess.start(
            "tarn-append", directory, Map.of("SPARK_LOCAL_IP", "127.0.0.1"), command)) {
      assertThat(process.awaitExit(COMMAND_LIMIT)).as(process.tail()).isZero();
    }
  }

  private static List<String> append(Path input, Path index) {
    return List.of(
        "--class",
        "io.tarn.spark.AppendJob",
        JOB_JAR,
        "--conf-file",
        CONF + "/append.yaml",
        "--set",
        "input.path=" + input,
        "--set",
        "input.format=json",
        "--set",
        "index=" + index);
  }
}
