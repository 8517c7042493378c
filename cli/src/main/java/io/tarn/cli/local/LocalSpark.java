package io.tarn.cli.local;

import io.tarn.spark.BuildJob;
import java.io.IOException;
import java.net.URISyntaxException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.apache.spark.sql.SparkSession;

/** Spark sessions whose driver is this JVM. */
public final class LocalSpark {
  private static final String LOOPBACK = "127.0.0.1";
  private static final String JOB_JAR = "tarn-spark.jar";

  private LocalSpark() {}

  /**
   * Spark in this JVM, on all processors.
   *
   * @param cleanup ends the session and deletes its temporary files
   */
  public static SparkSession inThisJvm(String name, Cleanup cleanup) throws IOException {
    long tasks = 2L * Runtime.getRuntime().availableProcessors();
    return open(
        builder(name, cleanup)
            .master("local[*]")
            .config("spark.driver.host", LOOPBACK)
            .config("spark.driver.bindAddress", LOOPBACK)
            // 200 by default, most of them empty and yet scheduled.
            .config("spark.sql.shuffle.partitions", tasks)
            .config("spark.default.parallelism", tasks)
            // Rows stay on this machine, and vectors hardly shrink.
            .config("spark.shuffle.compress", false)
            .config("spark.shuffle.spill.compress", false)
            // Otherwise a sort takes 2 MiB more for each part that it has spilled.
            .config("spark.unsafe.sorter.spill.read.ahead.enabled", false),
        cleanup);
  }

  /**
   * Spark on a cluster.
   *
   * @param master {@code spark://host:port}
   * @throws IOException if the jar for the executors has not been built
   */
  public static SparkSession onCluster(String name, String master, Cleanup cleanup)
      throws IOException {
    return open(
        builder(name, cleanup)
            .master(master)
            .config("spark.jars", jobJar().toUri().toString())
            .config("spark.executor.extraJavaOptions", "--add-modules=jdk.incubator.vector"),
        cleanup);
  }

  private static SparkSession.Builder builder(String name, Cleanup cleanup) throws IOException {
    Path directory = cleanup.temporaryDirectory("tarn-spark-");
    return SparkSession.builder()
        .appName(name)
        .config("spark.ui.enabled", false)
        .config("spark.local.dir", directory.toString())
        .config("spark.sql.warehouse.dir", directory.resolve("warehouse").toUri().toString())
        // Dates and times without a zone mean the same wherever the job runs.
        .config("spark.sql.session.timeZone", "UTC");
  }

  private static SparkSession open(SparkSession.Builder builder, Cleanup cleanup) {
    SparkSession session = builder.getOrCreate();
    cleanup.add(session::stop);
    return session;
  }

  private static Path jobJar() throws IOException {
    try {
      return jobJarBeside(
          Path.of(BuildJob.class.getProtectionDomain().getCodeSource().getLocation().toURI()));
    } catch (URISyntaxException e) {
      throw new IOException("cannot tell where " + JOB_JAR + " is", e);
    }
  }

  /** Maven puts it beside the classes it is made of. */
  static Path jobJarBeside(Path classes) throws IOException {
    Path jar = classes.resolveSibling(JOB_JAR);
    if (!Files.isRegularFile(jar)) {
      throw new IOException(
          jar
              + " does not exist, which a cluster needs: build it with 'mvn package -DskipTests"
              + " -pl pipeline-spark -am'");
    }
    return jar;
  }
}
