package io.tarn.spark.rows;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.tarn.spark.LocalSpark;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.apache.spark.api.java.function.MapPartitionsFunction;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Encoders;
import org.apache.spark.sql.Row;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class OutputTableTest {
  @TempDir Path directory;

  @Test
  void whatAFailedJobLeavesIsRemoved() {
    Path output = directory.resolve("output");
    assertThatThrownBy(() -> OutputTable.write(failing(), output.toString()))
        .hasStackTraceContaining("failed for the test");
    assertThat(output).doesNotExist();
  }

  @Test
  void whatWasThereBeforeStays() throws IOException {
    Path output = Files.createDirectory(directory.resolve("output"));
    assertThatThrownBy(() -> OutputTable.write(failing(), output.toString()))
        .hasMessageContaining("PATH_ALREADY_EXISTS");
    assertThat(output).isEmptyDirectory();
  }

  private static Dataset<Row> failing() {
    MapPartitionsFunction<Long, Long> rows =
        partition -> {
          if (!partition.hasNext() || partition.next() == 0) {
            throw new IllegalStateException("failed for the test");
          }
          return List.of(1L).iterator();
        };
    return LocalSpark.session().range(0, 2, 1, 2).mapPartitions(rows, Encoders.LONG()).toDF("row");
  }
}
