package io.tarn.it;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import io.tarn.kafka.EmbeddedKafka;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.Statement;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.serialization.StringSerializer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * The worked example of README.md, word for word, as a reader would follow it: only the broker's
 * address is another.
 */
class ReadmeIT {
  private static final Duration COMMAND_LIMIT = Duration.ofMinutes(3);
  private static final List<String> THINGS =
      List.of(
          "a warm jacket for cold winter days",
          "light summer shoes for the beach",
          "a kettle that boils water for tea",
          "garden chair made of oak wood",
          "thick winter gloves of soft wool",
          "running shoes for wet roads",
          "a lamp for reading at night",
          "rain coat with a hood for stormy days");

  @TempDir Path directory;
  private int commands;

  @Test
  void theWorkedExampleWorks() throws Exception {
    Readme readme = Readme.read();
    Files.createSymbolicLink(
        directory.resolve("tarn"), Path.of(System.getProperty("tarn.root"), "tarn"));
    writeProducts();
    writeQueries();
    List<String> outputs = new ArrayList<>();
    try (EmbeddedKafka kafka = EmbeddedKafka.start()) {
      kafka.createTopic("products", 2);
      produce(kafka.bootstrapServers(), readme.blocks("json"));
      for (String command : readme.commands("./tarn")) {
        if (!command.startsWith("./tarn demo")) {
          outputs.add(run(command.replace("localhost:9092", kafka.bootstrapServers())));
        }
      }
    }
    Files.delete(directory.resolve("tarn"));
    String afterBuild = outputs.get(1);
    String afterStream = outputs.get(3);
    assertThat(outputs).hasSize(9);
    assertThat(afterBuild).contains("p-0000").doesNotContain("p-1001");
    assertThat(afterStream).contains("p-1001");
    assertThat(outputs.get(4)).contains("kafka:products");
  }

  private String run(String command) throws IOException {
    String name = "command-" + ++commands;
    try (ChildProcess process =
        ChildProcess.start(name, directory, Map.of(), List.of("bash", "-c", command))) {
      assertThat(process.awaitExit(COMMAND_LIMIT)).as("%s%s", command, process.tail()).isZero();
      return process.output();
    }
  }

  private void writeProducts() throws Exception {
    try (Connection duckdb = DriverManager.getConnection("jdbc:duckdb:");
        Statement sql = duckdb.createStatement()) {
      sql.execute(
          "create table products (id varchar, description varchar, name varchar, price double)");
      for (int i = 0; i < 200; i++) {
        String thing = THINGS.get(i % THINGS.size());
        sql.execute(
            "insert into products values ('p-%04d', '%s', '%s', %d.5)"
                .formatted(i, thing, thing.substring(2, 10), i));
      }
      sql.execute(
          "copy products to '" + directory.resolve("products.parquet") + "' (format parquet)");
    }
  }

  /** Queries are vectors of the index's dimension, which the embedder's defaults decide. */
  private void writeQueries() throws IOException {
    int dimension = 100;
    List<String> lines = new ArrayList<>();
    for (int q = 0; q < 5; q++) {
      List<String> values = new ArrayList<>();
      for (int i = 0; i < dimension; i++) {
        values.add(Double.toString(Math.sin(q + i)));
      }
      lines.add("[" + String.join(",", values) + "]");
    }
    Files.write(directory.resolve("queries.json"), lines);
  }

  private static void produce(String bootstrapServers, List<String> records) throws Exception {
    try (KafkaProducer<String, String> producer =
        new KafkaProducer<>(
            Map.of("bootstrap.servers", bootstrapServers),
            new StringSerializer(),
            new StringSerializer())) {
      for (String record : records) {
        JsonNode json =
            JsonMapper.builder().build().readTree(record.getBytes(StandardCharsets.UTF_8));
        producer.send(new ProducerRecord<>("products", json.get("id").asText(), record)).get();
      }
    }
  }
}
