package io.tarn.spark;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;

/** Runs a main method in a JVM like this one, with a Spark of its own. */
final class ChildJvm {
  private static final long TIMEOUT_MINUTES = 10;

  private ChildJvm() {}

  record Outcome(int exitStatus, String output) {}

  /**
   * Runs {@code main} to its end.
   *
   * @param directory for what Spark and the process leave
   * @param master Spark's master
   * @param properties further Spark settings, {@code spark.x=y}
   */
  static Outcome run(
      Path directory, String master, List<String> properties, Class<?> main, String... args)
      throws IOException, InterruptedException {
    return run(directory, master, properties, List.of(), main, args);
  }

  /**
   * Runs {@code main} to its end.
   *
   * @param flags further flags of the JVM, which win over those of this one
   */
  static Outcome run(
      Path directory,
      String master,
      List<String> properties,
      List<String> flags,
      Class<?> main,
      String... args)
      throws IOException, InterruptedException {
    List<String> command = new ArrayList<>();
    command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
    command.addAll(ManagementFactory.getRuntimeMXBean().getInputArguments());
    command.addAll(flags);
    command.add("-Dspark.master=" + master);
    command.add("-Dspark.ui.enabled=false");
    command.add("-Dspark.driver.host=127.0.0.1");
    command.add("-Dspark.driver.bindAddress=127.0.0.1");
    properties.forEach(property -> command.add("-D" + property));
    command.add("-cp");
    command.add(System.getProperty("java.class.path"));
    command.add(main.getName());
    command.addAll(List.of(args));
    Path output = directory.resolve("output.txt");
    ProcessBuilder builder =
        new ProcessBuilder(command)
            .directory(directory.toFile())
            .redirectErrorStream(true)
            .redirectOutput(output.toFile());
    // A Spark home without jars: executors get this class path.
    Files.createDirectories(directory.resolve("jars"));
    builder.environment().put("SPARK_HOME", directory.toString());
    builder.environment().put("SPARK_SCALA_VERSION", "2.13");
    builder.environment().put("SPARK_LOCAL_IP", "127.0.0.1");
    Process process = builder.start();
    try {
      boolean ended = process.waitFor(TIMEOUT_MINUTES, TimeUnit.MINUTES);
      String text = Files.readString(output, StandardCharsets.UTF_8);
      assertThat(ended).as(text).isTrue();
      return new Outcome(process.exitValue(), text);
    } finally {
      process.destroyForcibly();
    }
  }
}
