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

  private final ChildProcess process;
  private final int port;

  private BrokerProcess(ChildProcess process, int port) {
    this.process = process;
    this.port = port;
  }

  static BrokerProcess start(Path directory) throws IOException {
    int port = Ports.free();
    Path data = Files.createDirectories(directory.resolve("kafka-data"));
    ChildProcess process =
        ChildProcess.start(
            "broker",
            directory,
            Map.of(),
            ChildProcess.java(
                List.of("-Xmx512m"),
                System.getProperty("java.class.path"),
                BrokerMain.class.getName(),
                data.toString(),
                Integer.toString(port)));
    try {
      process.awaitOutput(BrokerMain.READY, START_LIMIT);
      return new BrokerProcess(process, port);
    } catch (RuntimeException | AssertionError e) {
      process.close();
      throw e;
    }
  }

  String bootstrapServers() {
    return "127.0.0.1:" + port;
  }

  @Override
  public void close() {
    process.close();
  }
}
