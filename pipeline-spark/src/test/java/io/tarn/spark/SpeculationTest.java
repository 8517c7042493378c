package io.tarn.spark;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.tarn.index.storage.LocalStorage;
import io.tarn.index.verify.IndexVerifier;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A task hangs, Spark starts it a second time elsewhere: two executors in JVMs of their own. */
class SpeculationTest {
  @TempDir Path directory;

  private static boolean canListen(String address) {
    try (ServerSocket socket = new ServerSocket(0, 1, InetAddress.getByName(address))) {
      return socket.isBound();
    } catch (IOException e) {
      return false;
    }
  }

  @Test
  void aTaskThatRunsTwiceAtOnceWritesItsRowsOnce() throws Exception {
    assumeTrue(canListen("127.0.0.2"), "this host has one loopback address only");
    Path index = directory.resolve("index");
    String flags =
        ManagementFactory.getRuntimeMXBean().getInputArguments().stream()
            .filter(flag -> !flag.startsWith("-Xm"))
            .filter(flag -> !flag.contains("surefire"))
            .collect(Collectors.joining(" "));
    ChildJvm.Outcome outcome =
        ChildJvm.run(
            directory,
            "local",
            List.of(
                "spark.executor.memory=512m",
                "spark.executor.extraClassPath=" + System.getProperty("java.class.path"),
                "spark.executor.extraJavaOptions=" + flags,
                "spark.speculation=true",
                "spark.speculation.interval=100ms",
                "spark.speculation.quantile=0.1",
                "spark.speculation.multiplier=1.1",
                "spark.speculation.minTaskRuntime=500ms"),
            BuildWithAHangingTask.class,
            index.toString(),
            directory.toString());
    assertThat(outcome.exitStatus()).as(outcome.output()).isZero();
    assertThat(outcome.output()).contains("built");
    assertThat(IndexFiles.live(index)).hasSize(BuildWithAHangingTask.ROWS);
    assertThat(IndexFiles.view(index).snapshot().segments().stream().mapToLong(s -> s.rows()).sum())
        .isEqualTo(BuildWithAHangingTask.ROWS);
    assertThat(IndexFiles.below(index.resolve("segments")).stream().map(f -> "segments/" + f))
        .containsExactlyInAnyOrderElementsOf(
            IndexFiles.view(index).snapshot().segments().stream().map(s -> s.path()).toList());
    assertThat(IndexVerifier.verify(new LocalStorage(index)).problems()).isEmpty();
  }
}
