package io.tarn.it;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * A standalone Flink session cluster: a JobManager and TaskManagers, each a process of its own, run
 * from the jars of a Flink installation.
 */
final class FlinkCluster implements AutoCloseable {
  private static final Duration START_LIMIT = Duration.ofMinutes(2);
  private static final Duration CLIENT_LIMIT = Duration.ofMinutes(2);
  private static final Pattern SAVEPOINT = Pattern.compile("Path: (\\S+)");

  private final Path directory;
  private final Path conf;
  private final String classPath;
  private final List<ChildProcess> processes = new ArrayList<>();
  private ChildProcess jobManager;
  private int started;

  private FlinkCluster(Path directory, Path conf, String classPath) {
    this.directory = directory;
    this.conf = conf;
    this.classPath = classPath;
  }

  static FlinkCluster start(Path directory) throws IOException {
    Path conf = Files.createDirectories(directory.resolve("conf"));
    int restPort = Ports.free();
    Files.writeString(
        conf.resolve("config.yaml"),
        """
        jobmanager.rpc.address: 127.0.0.1
        jobmanager.rpc.port: %d
        jobmanager.bind-host: 127.0.0.1
        rest.address: 127.0.0.1
        rest.port: %d
        rest.bind-address: 127.0.0.1
        taskmanager.host: 127.0.0.1
        taskmanager.bind-host: 127.0.0.1
        taskmanager.numberOfTaskSlots: 2
        taskmanager.cpu.cores: 2
        taskmanager.memory.task.heap.size: 512m
        taskmanager.memory.task.off-heap.size: 64m
        taskmanager.memory.managed.size: 64m
        taskmanager.memory.network.min: 64m
        taskmanager.memory.network.max: 64m
        taskmanager.memory.framework.heap.size: 128m
        taskmanager.memory.framework.off-heap.size: 128m
        taskmanager.memory.jvm-metaspace.size: 256m
        taskmanager.memory.jvm-overhead.min: 192m
        taskmanager.memory.jvm-overhead.max: 192m
        heartbeat.interval: 1000
        heartbeat.timeout: 8000
        io.tmp.dirs: %s
        """
            .formatted(Ports.free(), restPort, directory.resolve("tmp")));
    Files.writeString(
        conf.resolve("log4j2.xml"),
        """
        <Configuration status="WARN">
          <Appenders>
            <Console name="out">
              <PatternLayout pattern="%d{HH:mm:ss.SSS} %-5p %c{1} - %m%n"/>
            </Console>
          </Appenders>
          <Loggers>
            <!-- It says at each checkpoint that Flink's own committer registers a metric twice. -->
            <Logger name="org.apache.flink.metrics.MetricGroup" level="error"/>
            <Root level="info"><AppenderRef ref="out"/></Root>
          </Loggers>
        </Configuration>
        """);
    FlinkCluster cluster =
        new FlinkCluster(
            directory,
            conf,
            Files.readString(Path.of(System.getProperty("tarn.flink.home.classpath"))).strip());
    Files.createDirectories(directory.resolve("tmp"));
    try {
      cluster.startJobManager();
      return cluster;
    } catch (IOException | RuntimeException | AssertionError e) {
      cluster.close();
      throw e;
    }
  }

  /** On the ports of an earlier one, of which it knows nothing more. */
  void startJobManager() throws IOException {
    jobManager =
        startJvm(
            "jobmanager-" + ++started,
            "-Xmx512m",
            "org.apache.flink.runtime.entrypoint.StandaloneSessionClusterEntrypoint");
    jobManager.awaitOutput("Rest endpoint listening", START_LIMIT);
  }

  /** What {@code kill -9} does to the JobManager, and with it to all that it knows of its jobs. */
  void killJobManager() {
    jobManager.kill();
  }

  /** Returns once a TaskManager has found a JobManager that was started after it. */
  void awaitTaskManager() {
    jobManager.awaitOutput("Registering TaskManager with ResourceID", START_LIMIT);
  }

  ChildProcess startTaskManager() throws IOException {
    ChildProcess taskManager =
        startJvm(
            "taskmanager-" + ++started,
            "-Xmx640m",
            "org.apache.flink.runtime.taskexecutor.TaskManagerRunner");
    taskManager.awaitOutput("Successful registration at resource manager", START_LIMIT);
    return taskManager;
  }

  private ChildProcess startJvm(String name, String heap, String main) throws IOException {
    ChildProcess process =
        ChildProcess.start(
            name,
            directory,
            Map.of("FLINK_CONF_DIR", conf.toString()),
            ChildProcess.java(
                List.of(
                    heap,
                    "-Dlog4j.configurationFile=" + conf.resolve("log4j2.xml"),
                    "-XX:+IgnoreUnrecognizedVMOptions",
                    "--add-modules=jdk.incubator.vector",
                    "--enable-native-access=ALL-UNNAMED"),
                classPath,
                main,
                "--configDir",
                conf.toString()));
    processes.add(process);
    return process;
  }

  /** Runs the {@code flink} command to its end, which must be a good one, and gives its output. */
  String flink(String... words) throws IOException {
    String name = "flink-" + words[0] + "-" + ++started;
    try (ChildProcess client =
        ChildProcess.start(
            name,
            directory,
            Map.of("FLINK_CONF_DIR", conf.toString()),
            ChildProcess.java(
                List.of("-Xmx256m", "--add-opens=java.base/java.util=ALL-UNNAMED"),
                classPath,
                "org.apache.flink.client.cli.CliFrontend",
                words))) {
      int status = client.awaitExit(CLIENT_LIMIT);
      if (status != 0) {
        throw new AssertionError(
            "flink " + String.join(" ", words) + " ended with " + status + client.tail());
      }
      return client.output();
    }
  }

  /** The path of the savepoint that {@code flink stop} reported. */
  static String savepoint(String output) {
    Matcher matcher = SAVEPOINT.matcher(output);
    if (!matcher.find()) {
      throw new AssertionError("no savepoint in:\n" + output);
    }
    return matcher.group(1);
  }

  @Override
  public void close() {
    for (int i = processes.size() - 1; i >= 0; i--) {
      processes.get(i).close();
    }
  }
}
