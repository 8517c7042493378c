package io.tarn.it;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;

/** A Kafka broker in a process of its own, with the class path of this test. */
final class BrokerProcess implements AutoCloseable {
  private static final Duration START_LIMIT = Duration.ofMinutes(1);

  private final Path directory;
  private final int nodeId;
  private final int port;
  private final int controllerPort;
  private int starts;
  private ChildProcess process;

  private BrokerProcess(Path directory, int nodeId, int controllerPort) throws IOException {
    this.directory = directory;
    this.nodeId = nodeId;
    this.port = Ports.free();
    this.controllerPort = controllerPort;
    restart();
  }

  /** The first of a cluster, which is its controller as well. */
  static BrokerProcess start(Path directory) throws IOException {
    return new BrokerProcess(directory, 1, Ports.free());
  }

  /** One more broker of the cluster of this one. */
  BrokerProcess join(Path otherDirectory, int otherNodeId) throws IOException {
    return new BrokerProcess(otherDirectory, otherNodeId, controllerPort);
  }

  String bootstrapServers() {
    return "127.0.0.1:" + port;
  }

  int nodeId() {
    return nodeId;
  }

  /** What {@code kill -9} does. */
  void kill() {
    process.kill();
  }

  /** Starts it again, on its port and with the data it had. */
  void restart() throws IOException {
    Path data = Files.createDirectories(directory.resolve("kafka-data"));
    process =
        ChildProcess.start(
            "broker-" + ++starts,
            directory,
            Map.of(),
            ChildProcess.java(
                List.of("-Xmx512m"),
                System.getProperty("java.class.path"),
                BrokerMain.class.getName(),
                data.toString(),
                Integer.toString(port),
                Integer.toString(nodeId),
                Integer.toString(controllerPort)));
    try {
      process.awaitOutput(BrokerMain.READY, START_LIMIT);
    } catch (RuntimeException | AssertionError e) {
      process.close();
      throw e;
    }
  }

  @Override
  public void close() {
    process.close();
  }
}
