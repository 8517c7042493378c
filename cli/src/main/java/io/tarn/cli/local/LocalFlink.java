package io.tarn.cli.local;

import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CancellationException;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import org.apache.flink.api.common.JobStatus;
import org.apache.flink.configuration.CheckpointingOptions;
import org.apache.flink.configuration.Configuration;
import org.apache.flink.configuration.CoreOptions;
import org.apache.flink.configuration.HeartbeatManagerOptions;
import org.apache.flink.configuration.MemorySize;
import org.apache.flink.configuration.RestOptions;
import org.apache.flink.configuration.RpcOptions;
import org.apache.flink.configuration.TaskManagerOptions;
import org.apache.flink.configuration.WebOptions;
import org.apache.flink.core.execution.JobClient;
import org.apache.flink.core.execution.SavepointFormatType;
import org.apache.flink.runtime.execution.SuppressRestartsException;
import org.apache.flink.streaming.api.environment.StreamExecutionEnvironment;
import org.apache.flink.util.ExceptionUtils;

/** A Flink job in this JVM, on a cluster of its own that ends with it. */
public final class LocalFlink implements AutoCloseable {
  private static final MemorySize NETWORK_MEMORY = MemorySize.ofMebiBytes(32);

  /** Some ten buffers of 32 KiB for what goes into a subtask and out of it. */
  private static final MemorySize NETWORK_MEMORY_OF_A_SUBTASK = MemorySize.parse("512kb");

  private static final MemorySize MANAGED_MEMORY = MemorySize.ofMebiBytes(32);
  private static final long STOP_TIMEOUT_MS = 60_000;

  /**
   * How long a part of the cluster may be silent. All parts are in this JVM: if one is, all were,
   * because the machine was asleep, say.
   */
  private static final Duration SILENCE = Duration.ofHours(24);

  private final JobClient job;
  private final Path directory;

  private LocalFlink(JobClient job, Path directory) {
    this.job = job;
    this.directory = directory;
  }

  /**
   * An environment to build a job in.
   *
   * @param parallelism of operators that set none
   * @param directory for Flink's temporary files; deleted by the caller, after the job's end
   * @param options of Flink, which take the place of those set here
   */
  public static StreamExecutionEnvironment environment(
      int parallelism, Path directory, Map<String, String> options) {
    Configuration configuration = new Configuration();
    configuration.set(CoreOptions.TMP_DIRS, directory.toString());
    MemorySize ofAllSubtasks = NETWORK_MEMORY_OF_A_SUBTASK.multiply(parallelism);
    MemorySize network =
        ofAllSubtasks.compareTo(NETWORK_MEMORY) > 0 ? ofAllSubtasks : NETWORK_MEMORY;
    configuration.set(TaskManagerOptions.NETWORK_MEMORY_MIN, network);
    configuration.set(TaskManagerOptions.NETWORK_MEMORY_MAX, network);
    configuration.set(TaskManagerOptions.MANAGED_MEMORY_SIZE, MANAGED_MEMORY);
    configuration.set(HeartbeatManagerOptions.HEARTBEAT_TIMEOUT, SILENCE);
    configuration.set(RpcOptions.ASK_TIMEOUT_DURATION, SILENCE);
    configuration.set(WebOptions.TMP_DIR, directory.toString());
    configuration.set(WebOptions.SUBMIT_ENABLE, false);
    configuration.set(RestOptions.ADDRESS, "127.0.0.1");
    configuration.set(RestOptions.BIND_ADDRESS, "127.0.0.1");
    configuration.set(RestOptions.BIND_PORT, "0");
    configuration.set(
        CheckpointingOptions.SAVEPOINT_DIRECTORY,
        directory.resolve("savepoints").toUri().toString());
    options.forEach(configuration::setString);
    return StreamExecutionEnvironment.createLocalEnvironment(parallelism, configuration);
  }

  /** Starts the job that was built in {@code environment}. */
  public static LocalFlink start(
      StreamExecutionEnvironment environment, String name, Path directory) throws Exception {
    return new LocalFlink(environment.executeAsync(name), directory);
  }

  /**
   * Waits for the job's end.
   *
   * @throws Exception what made it fail
   */
  public void await() throws Exception {
    try {
      job.getJobExecutionResult().get();
    } catch (CancellationException e) {
      // Ended by close().
    } catch (ExecutionException e) {
      throw refusal(e).orElse(e);
    }
  }

  /** What no restart mends says itself what to do; Flink hides it below what it says. */
  private static Optional<Exception> refusal(ExecutionException failure) {
    return ExceptionUtils.findThrowable(failure, SuppressRestartsException.class)
        .map(Throwable::getCause)
        .map(Throwable::getMessage)
        .map(message -> new IOException(message, failure));
  }

  /** Ends the job after a last checkpoint, so that whatever it has read is published. */
  public void stop() throws Exception {
    String savepoints = directory.resolve("savepoints").toUri().toString();
    job.stopWithSavepoint(false, savepoints, SavepointFormatType.NATIVE)
        .get(STOP_TIMEOUT_MS, TimeUnit.MILLISECONDS);
  }

  /** Ends the job at once. What it read since the last checkpoint is left to its successor. */
  @Override
  public void close() throws Exception {
    try {
      JobStatus status = job.getJobStatus().get(STOP_TIMEOUT_MS, TimeUnit.MILLISECONDS);
      if (!status.isTerminalState()) {
        job.cancel().get(STOP_TIMEOUT_MS, TimeUnit.MILLISECONDS);
      }
    } catch (ExecutionException | IllegalStateException e) {
      // It has ended already, and its cluster with it.
    }
  }
}
