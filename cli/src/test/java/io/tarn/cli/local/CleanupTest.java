package io.tarn.cli.local;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.BufferedReader;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

class CleanupTest {
  @Test
  void closesTheLastFirstAndGoesOnAfterFailures() {
    List<String> closed = new ArrayList<>();
    try (Cleanup cleanup = new Cleanup()) {
      cleanup.add(() -> closed.add("first"));
      cleanup.add(
          () -> {
            throw new IllegalStateException("cannot close, on purpose");
          });
      AutoCloseable early = cleanup.add(() -> closed.add("early"));
      cleanup.add(() -> closed.add("last"));
      cleanup.closeNow(early);
    }
    assertThat(closed).containsExactly("early", "last", "first");
  }

  @Test
  void deletesTemporaryDirectoriesWithWhatIsInThem() throws Exception {
    Path directory;
    try (Cleanup cleanup = new Cleanup()) {
      directory = cleanup.temporaryDirectory("cleanup-test-");
      Files.createDirectories(directory.resolve("a/b"));
      Files.writeString(directory.resolve("a/b/c"), "text");
    }
    assertThat(directory).doesNotExist();
  }

  @Test
  void happensWhenTheJvmIsTerminated() throws Exception {
    Process process =
        new ProcessBuilder(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-Djava.io.tmpdir=" + System.getProperty("java.io.tmpdir"),
                "-cp",
                System.getProperty("java.class.path"),
                WaitsForever.class.getName())
            .start();
    try (BufferedReader out =
        new BufferedReader(
            new InputStreamReader(process.getInputStream(), StandardCharsets.UTF_8))) {
      Path directory = Path.of(out.readLine());
      assertThat(directory).exists();
      process.destroy();
      assertThat(process.waitFor(60, TimeUnit.SECONDS)).isTrue();
      assertThat(directory).doesNotExist();
    } finally {
      process.destroyForcibly();
    }
  }

  /** Run as a process of its own. */
  static final class WaitsForever {
    public static void main(String[] args) throws Exception {
      Cleanup cleanup = new Cleanup();
      System.out.println(cleanup.temporaryDirectory("cleanup-test-"));
      new CountDownLatch(1).await();
    }
  }
}
