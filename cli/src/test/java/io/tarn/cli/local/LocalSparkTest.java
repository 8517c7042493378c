package io.tarn.cli.local;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class LocalSparkTest {
  @Test
  void aClusterNeedsTheJobJar(@TempDir Path target) throws IOException {
    Path classes = target.resolve("tarn-pipeline-spark.jar");
    assertThatThrownBy(() -> LocalSpark.jobJarBeside(classes))
        .hasMessageContaining("tarn-spark.jar does not exist")
        .hasMessageContaining("mvn package");

    Path jar = Files.createFile(target.resolve("tarn-spark.jar"));
    assertThat(LocalSpark.jobJarBeside(classes)).isEqualTo(jar);
  }
}
