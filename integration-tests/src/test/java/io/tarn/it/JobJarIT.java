package io.tarn.it;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Set;
import java.util.TreeSet;
import java.util.jar.JarEntry;
import java.util.jar.JarFile;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;

/** What is in the job jar of Flink, and what must not be. */
class JobJarIT {
  /** Flink's connector for Kafka is no part of Flink's own jars. */
  private static final Set<String> BROUGHT_ALONG =
      Set.of(
          "org/apache/flink/connector/kafka/",
          "org/apache/flink/streaming/connectors/kafka/",
          "org/apache/flink/streaming/util/serialization/JSONKeyValueDeserializationSchema");

  @Test
  void flinkFindsItsFactoriesAndItIsNotInItItself() throws IOException {
    Path path = Path.of(System.getProperty("tarn.flink.jar"));
    try (JarFile jar = new JarFile(path.toFile())) {
      Set<String> ofFlink =
          jar.stream()
              .map(JarEntry::getName)
              .filter(name -> name.startsWith("org/apache/flink/") && name.endsWith(".class"))
              .filter(name -> BROUGHT_ALONG.stream().noneMatch(name::startsWith))
              .collect(Collectors.toCollection(TreeSet::new));
      assertThat(ofFlink).isEmpty();

      JarEntry services =
          jar.getJarEntry("META-INF/services/org.apache.flink.table.factories.Factory");
      String factories =
          new String(jar.getInputStream(services).readAllBytes(), StandardCharsets.UTF_8);
      assertThat(factories.lines().filter(line -> !line.isBlank() && !line.startsWith("#")))
          .contains(
              "io.tarn.flink.sql.TarnTableFactory",
              "io.tarn.flink.sql.TarnModelFactory",
              "org.apache.flink.streaming.connectors.kafka.table.KafkaDynamicTableFactory",
              "org.apache.flink.streaming.connectors.kafka.table.UpsertKafkaDynamicTableFactory")
          .allMatch(name -> jar.getEntry(name.replace('.', '/') + ".class") != null);
    }
  }
}
