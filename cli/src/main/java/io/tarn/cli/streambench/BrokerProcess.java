package io.tarn.cli.streambench;

import io.tarn.benchmark.BenchmarkException;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.OutputStreamWriter;
import java.io.Writer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.concurrent.TimeUnit;

/** A Kafka broker in a process of its own, so that its work is not taken for the job's. */
final class BrokerProcess implements AutoCloseable {
  private static final String HEAP = "-Xmx1g";
  private static final long STOP_LIMIT_MS = 60_000;

  private final Process process;
  private final BufferedReader out;
  private final Writer in;
  private final String bootstrapServers;

  private BrokerProcess(Process process) throws IOException {
    this.process = process;
    this.out =
        new BufferedReader(new InputStreamReader(process.getInputStream(), StandardCharsets.UTF_8));
    this.in = new OutputStreamWriter(process.getOutputStream(), StandardCharsets.UTF_8);
    this.bootstrapServers = await(BrokerMain.READY);
  }

  /**
   * Starts one, empty.
   *
   * @throws BenchmarkException if it does not start; what it says goes to stderr
   */
  static BrokerProcess start() throws IOException {
    return new BrokerProcess(
        new ProcessBuilder(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                HEAP,
                "-Djava.io.tmpdir=" + System.getProperty("java.io.tmpdir"),
                "-cp",
                System.getProperty("java.class.path"),
                BrokerMain.class.getName())
            .redirectError(ProcessBuilder.Redirect.INHERIT)
            .start());
  }

  /** Waits for a line that begins so; the rest of it. */
  private String await(String beginning) throws IOException {
    for (String line = out.readLine(); line != null; line = out.readLine()) {
      if (line.startsWith(beginning)) {
        return line.substring(beginning.length());
      }
    }
    throw new BenchmarkException("the broker has ended: see what it said on stderr");
  }

  String bootstrapServers() {
    return bootstrapServers;
  }

  /** Returns when the topic can be written to. */
  void createTopic(String name, int partitions) throws IOException {
    in.write(name + " " + partitions + "\n");
    in.flush();
    await(BrokerMain.CREATED + name);
  }

  /** How long processors have worked for the broker. */
  Duration processorTime() {
    return process.info().totalCpuDuration().orElse(Duration.ZERO);
  }

  @Override
  public void close() throws IOException, InterruptedException {
    in.close();
    if (!process.waitFor(STOP_LIMIT_MS, TimeUnit.MILLISECONDS)) {
      process.destroyForcibly();
    }
  }
}
