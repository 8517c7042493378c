package io.tarn.it;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * A standalone Spark cluster: a master and workers, each a process of its own, run from the jars of
 * a Spark installation that is laid out below a directory of the test.
 */
final class SparkCluster implements AutoCloseable {
  private static final Duration START_LIMIT = Duration.ofMinutes(2);
  private static final Duration SUBMIT_LIMIT = Duration.ofMinutes(5);
  private static final Pattern LOG_NAME = Pattern.compile(".*\\.log|stdout|stderr");

  private final SparkHome home;
  private final Path work;
  private final int port;
  private final Map<String, String> environment;
  private final List<ChildProcess> processes = new ArrayList<>();
  private final List<ChildProcess> workers = new ArrayList<>();
  private int workersStarted;
  private int submissions;

  private SparkCluster(SparkHome home, Path work, int port, Map<String, String> environment) {
    this.home = home;
    this.work = work;
    this.port = port;
    this.environment = environment;
  }

  static SparkCluster start(Path directory, int workers) throws IOException {
    SparkHome home = SparkHome.layOut(directory.resolve("spark-home"));
    Map<String, String> environment = new HashMap<>(home.environment());
    environment.put("SPARK_DAEMON_MEMORY", "256m");
    // Cores are left for a second application.
    environment.put(
        "SPARK_DAEMON_JAVA_OPTS",
        "-Dspark.master.rest.enabled=false -Dspark.deploy.defaultCores=2");
    // Most of what short processes do is to start: this halves it.
    environment.put("JDK_JAVA_OPTIONS", "-XX:TieredStopAtLevel=1 -XX:+UseSerialGC");
    SparkCluster cluster =
        new SparkCluster(home, directory.resolve("work"), Ports.free(), environment);
    try {
      cluster.startMaster();
      cluster.startWorkers(workers);
      return cluster;
    } catch (IOException | RuntimeException | AssertionError e) {
      cluster.close();
      throw e;
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

  /** Starts workers until so many are running. */
  void startWorkers(int wanted) throws IOException {
    workers.removeIf(worker -> !worker.isAlive());
    while (workers.size() < wanted) {
      startWorker(++workersStarted);
    }
  }

  /** Waits until no worker has a JVM in which tasks run. */
  void awaitIdle() {
    workers
        .get(0)
        .await(
            "the end of all executors",
            SUBMIT_LIMIT,
            () ->
                workers.stream()
                    .flatMap(ChildProcess::descendants)
                    .noneMatch(SparkCluster::isExecutor));
  }

  /** Kills a JVM in which a worker's tasks run, as {@code kill -9} does. */
  void killAnExecutorOf(int worker) {
    ProcessHandle executor =
        workers
            .get(worker)
            .descendants()
            .filter(SparkCluster::isExecutor)
            .findFirst()
            .orElseThrow(() -> new AssertionError("no executor is running"));
    executor.destroyForcibly();
  }

  /** Kills a worker, as {@code kill -9} does; its executors end when they notice. */
  void killWorker(int worker) {
    workers.remove(worker).kill();
  }

  private static boolean isExecutor(ProcessHandle process) {
    return process.info().commandLine().orElse("").contains("CoarseGrainedExecutorBackend");
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
            "2",
            "-m",
            "2g",
            "-d",
            work.resolve("apps-" + number).toString(),
            master());
    workers.add(worker);
    worker.awaitOutput("Successfully registered with master", START_LIMIT);
  }

  private ChildProcess sparkClass(String name, String main, String... args) throws IOException {
    List<String> command = new ArrayList<>();
    command.add(home.program("spark-class"));
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
    command.add(home.program("spark-submit"));
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

  /** Runs {@code spark-submit} to its end, which must be a good one; gives what it printed. */
  String run(List<String> words) throws IOException {
    ChildProcess submit = submit(words);
    awaitSuccess(submit);
    return submit.output();
  }

  static void awaitSuccess(ChildProcess submit) {
    int status = submit.awaitExit(SUBMIT_LIMIT);
    if (status != 0) {
      throw new AssertionError("spark-submit ended with " + status + submit.tail());
    }
  }

  /**
   * The ends of what its processes have printed, executors and drivers on workers too, as far as
   * they have printed anything since then.
   */
  String tails(Instant since) throws IOException {
    try (Stream<Path> files = Files.walk(work)) {
      return files
          .filter(file -> LOG_NAME.matcher(file.getFileName().toString()).matches())
          .filter(file -> !file.toFile().isDirectory())
          .filter(file -> file.toFile().lastModified() >= since.toEpochMilli())
          .sorted()
          .map(ChildProcess::tail)
          .collect(Collectors.joining());
    }
  }

  @Override
  public void close() throws IOException {
    for (int i = processes.size() - 1; i >= 0; i--) {
      processes.get(i).close();
    }
    home.close();
  }
}
