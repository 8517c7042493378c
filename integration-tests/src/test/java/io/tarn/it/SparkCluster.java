package io.tarn.it;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;

/**
 * A standalone Spark cluster: a master and workers, each a process of its own, run from the jars of
 * a Spark installation that is laid out below a directory of the test.
 */
final class SparkCluster implements AutoCloseable {
  private static final Duration START_LIMIT = Duration.ofMinutes(2);
  private static final Duration SUBMIT_LIMIT = Duration.ofMinutes(5);

  private final Path home;
  private final Path work;
  private final int port;
  private final Map<String, String> environment;
  private final List<ChildProcess> processes = new ArrayList<>();
  private int submissions;

  private SparkCluster(Path home, Path work, int port, Map<String, String> environment) {
    this.home = home;
    this.work = work;
    this.port = port;
    this.environment = environment;
  }

  static SparkCluster start(Path directory, int workers) throws IOException {
    Path home = layOut(directory.resolve("spark-home"));
    Map<String, String> environment =
        Map.of(
            "SPARK_HOME", home.toString(),
            "JAVA_HOME", System.getProperty("java.home"),
            "SPARK_LOCAL_IP", "127.0.0.1",
            "SPARK_SCALA_VERSION", "2.13",
            "SPARK_DAEMON_MEMORY", "256m",
            "SPARK_DAEMON_JAVA_OPTS", "-Dspark.master.rest.enabled=false");
    SparkCluster cluster =
        new SparkCluster(home, directory.resolve("work"), Ports.free(), environment);
    try {
      cluster.startMaster();
      for (int i = 1; i <= workers; i++) {
        cluster.startWorker(i);
      }
      return cluster;
    } catch (IOException | RuntimeException | AssertionError e) {
      cluster.close();
      throw e;
    }
  }

  /** A SPARK_HOME of the jars that the build resolved, and the two scripts it takes. */
  private static Path layOut(Path home) throws IOException {
    Path jars = Files.createDirectories(home.resolve("jars"));
    Path bin = Files.createDirectories(home.resolve("bin"));
    Files.createDirectories(home.resolve("conf"));
    String classPath = Files.readString(Path.of(System.getProperty("tarn.spark.home.classpath")));
    for (String jar : classPath.strip().split(":")) {
      Files.createSymbolicLink(jars.resolve(Path.of(jar).getFileName()), Path.of(jar));
    }
    script(
        bin.resolve("spark-class"),
        """
        #!/usr/bin/env bash
        # Spark's launcher answers with the command to run, its words ended by NULs, after an empty
        # word and a newline.
        command=()
        while IFS= read -r -d '' word; do command+=("$word"); done < <(
          "$JAVA_HOME/bin/java" -Xmx128m -cp "$SPARK_HOME/jars/*" org.apache.spark.launcher.Main "$@")
        command=("${command[@]:1}")
        command[0]=${command[0]#$'\\n'}
        exec "${command[@]}"
        """);
    script(
        bin.resolve("spark-submit"),
        """
        #!/usr/bin/env bash
        exec "$SPARK_HOME/bin/spark-class" org.apache.spark.deploy.SparkSubmit "$@"
        """);
    return home;
  }

  private static void script(Path file, String text) throws IOException {
    Files.writeString(file, text);
    if (!file.toFile().setExecutable(true)) {
      throw new IOException(file + " cannot be made executable");
    }
  }

  String master() {
    return "spark://127.0.0.1:" + port;
  }

  private void startMaster() throws IOException {
    ChildProcess master =
        sparkClass(
            "master",
            "org.apache.spark.deploy.master.Master",
            "--host",
            "127.0.0.1",
            "--port",
            Integer.toString(port),
            "--webui-port",
            Integer.toString(Ports.free()));
    master.awaitOutput("I have been elected leader", START_LIMIT);
  }

  private void startWorker(int number) throws IOException {
    ChildProcess worker =
        sparkClass(
            "worker-" + number,
            "org.apache.spark.deploy.worker.Worker",
            "--host",
            "127.0.0.1",
            "--webui-port",
            Integer.toString(Ports.free()),
            "-c",
            "1",
            "-m",
            "1g",
            "-d",
            work.resolve("apps-" + number).toString(),
            master());
    worker.awaitOutput("Successfully registered with master", START_LIMIT);
  }

  private ChildProcess sparkClass(String name, String main, String... args) throws IOException {
    List<String> command = new ArrayList<>();
    command.add(home.resolve("bin/spark-class").toString());
    command.add(main);
    command.addAll(List.of(args));
    ChildProcess process = ChildProcess.start(name, work, environment, command);
    processes.add(process);
    return process;
  }

  /**
   * Starts {@code spark-submit}, with the settings that only this machine's size and addresses call
   * for added to what the user writes.
   */
  ChildProcess submit(List<String> words) throws IOException {
    List<String> command = new ArrayList<>();
    command.add(home.resolve("bin/spark-submit").toString());
    command.addAll(List.of("--driver-memory", "768m", "--executor-memory", "768m"));
    for (String setting :
        List.of(
            "spark.driver.host=127.0.0.1",
            "spark.ui.enabled=false",
            "spark.sql.shuffle.partitions=4")) {
      command.addAll(List.of("--conf", setting));
    }
    command.addAll(words);
    ChildProcess process =
        ChildProcess.start("submit-" + ++submissions, work, environment, command);
    processes.add(process);
    return process;
  }

  /** Runs {@code spark-submit} to its end, which must be a good one. */
  void run(List<String> words) throws IOException {
    ChildProcess submit = submit(words);
    int status = submit.awaitExit(SUBMIT_LIMIT);
    if (status != 0) {
      throw new AssertionError("spark-submit ended with " + status + submit.tail());
    }
  }

  @Override
  public void close() throws IOException {
    for (int i = processes.size() - 1; i >= 0; i--) {
      processes.get(i).close();
    }
    // JUnit would warn of each of these links as it deletes them.
    try (Stream<Path> jars = Files.list(home.resolve("jars"))) {
      for (Path jar : jars.toList()) {
        Files.delete(jar);
      }
    }
  }
}
