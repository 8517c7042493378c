package io.tarn.spark.rows;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.tarn.spark.LocalSpark;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.apache.spark.api.java.function.MapPartitionsFunction;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Encoders;
import org.apache.spark.sql.Row;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class OutputTableTest {
  @TempDir Path directory;

  /** One task fails; the other goes on for a while, deaf to being stopped, and begins to write. */
  @Test
  void whatAStragglerOfAFailedJobPutsThereIsRemoved() {
    Path output = directory.resolve("output");
    assertThatThrownBy(() -> OutputTable.write(failing(400), output.toString()))
        .hasStackTraceContaining("failed for the test");
    assertThat(output).doesNotExist();
  }

  @Test
  void whatWasThereBeforeStays() throws IOException {
    Path output = Files.createDirectory(directory.resolve("output"));
    assertThatThrownBy(() -> OutputTable.write(failing(0), output.toString()))
        .hasMessageContaining("PATH_ALREADY_EXISTS");
    assertThat(output).isEmptyDirectory();
  }

  private static Dataset<Row> failing(long stragglingMillis) {
    MapPartitionsFunction<Long, Long> rows =
        partition -> {
          if (!partition.hasNext() || partition.next() == 0) {
            throw new IllegalStateException("failed for the test");
          }
          long startNanos = System.nanoTime();
          while (System.nanoTime() - startNanos < TimeUnit.MILLISECONDS.toNanos(stragglingMillis)) {
            Thread.onSpinWait();
          }
          return List.of(1L).iterator();
        };
    return LocalSpark.session().range(0, 2, 1, 2).mapPartitions(rows, Encoders.LONG()).toDF("row");
  }
}
