package io.tarn.cli;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import io.tarn.kafka.EmbeddedKafka;
import java.io.BufferedReader;
import java.io.InputStreamReader;
import java.net.ServerSocket;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerConfig;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.serialization.StringSerializer;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class StreamCommandTest {
  static EmbeddedKafka kafka;

  @TempDir Path dir;

  @BeforeAll
  static void startKafka() {
    kafka = EmbeddedKafka.start();
  }

  @AfterAll
  static void stopKafka() {
    kafka.close();
  }

  static void send(EmbeddedKafka kafka, String topic, String[]... keysAndValues) throws Exception {
    Map<String, Object> properties =
        Map.of(ProducerConfig.BOOTSTRAP_SERVERS_CONFIG, kafka.bootstrapServers());
    try (KafkaProducer<String, String> producer =
        new KafkaProducer<>(properties, new StringSerializer(), new StringSerializer())) {
      for (String[] record : keysAndValues) {
        producer.send(new ProducerRecord<>(topic, record[0], record[1])).get();
      }
    }
  }

  private static String[] record(String key, String value) {
    return new String[] {key, value};
  }

  @Test
  void foldsATopicUpToItsEndIntoTheIndex() throws Exception {
    Path photos = SampleIndexes.photos(dir.resolve("photos"));
    kafka.createTopic("changes", 2);
    send(
        kafka,
        "changes",
        record("lake-1", "{\"vector\": [7, 7, 7], \"attributes\": {\"label\": \"lake\"}}"),
        record("beach-1", null),
        record("bad", "{\"vector\": [7, 7]}"));

    Run run = stream(photos, "changes", "--bounded", "--dead-letter-topic", "bad-photos");

    assertThat(run.status()).isZero();
    assertThat(run.err())
        .isEqualTo("Reading changes into " + photos + " up to the topics' present ends\n");
    assertThat(run.out()).contains(photos + " went from version 2 to 3");
    JsonNode hit =
        Run.tarn("search", "--index", photos, "--vector", "[7,7,7]", "--json").json().at("/hits/0");
    assertThat(hit.get("id").textValue()).isEqualTo("lake-1");
    Run.tarn("search", "--index", photos, "--id", "beach-1").fails(1, "no feature 'beach-1'");
    JsonNode report = Run.tarn("inspect", "--index", photos, "--json").json();
    assertThat(report.at("/sources/kafka:changes/next_offsets")).hasSize(2);

    assertThat(stream(photos, "changes", "--bounded").out())
        .contains(photos + " is unchanged at version 3");
    assertThat(leftovers()).isEmpty();
  }

  @Test
  void whatNoRestartMendsIsSaidWithWhatToDo() throws Exception {
    Path photos = SampleIndexes.photos(dir.resolve("photos"));
    kafka.createTopic("mostly-bad", 1);
    send(
        kafka,
        "mostly-bad",
        record("lake-5", "{\"vector\": [7, 7, 7]}"),
        record("bad", "{\"vector\": [7, 7]}"));

    Run run = stream(photos, "mostly-bad", "--bounded", "--set", "kafka.max-bad-share=0.1");

    assertThat(run.status()).isEqualTo(1);
    assertThat(run.err().strip().lines())
        .last()
        .asString()
        .startsWith("tarn stream: 1 of the last 2 records are bad, and kafka.max-bad-share allows")
        .contains("see the dead letters for what is wrong");
  }

  /** Flink's buffers are shared out among the subtasks; with too few the job restarts for hours. */
  @Test
  void thereMayBeManySubtasks() throws Exception {
    Path photos = SampleIndexes.photos(dir.resolve("photos"));
    kafka.createTopic("narrow", 1);
    send(kafka, "narrow", record("lake-4", "{\"vector\": [7, 7, 7]}"));

    Run run =
        stream(
            photos,
            "narrow",
            "--bounded",
            "--parallelism",
            200,
            "-D",
            "restart-strategy.type=none");

    assertThat(run.status()).as(run.err()).isZero();
    assertThat(run.out()).contains("to 3");
  }

  @Test
  void settingsComeFromFileSetAndFlags() throws Exception {
    Path photos = SampleIndexes.photos(dir.resolve("photos"));
    kafka.createTopic("from-settings", 1);
    send(kafka, "from-settings", record("lake-2", "{\"vector\": [7, 7, 7]}"));
    Path file = dir.resolve("stream.yaml");
    Files.writeString(
        file,
        """
        index: %s
        bounded: true
        kafka:
          bootstrap-servers: %s
          topics: [no-such-topic]
        """
            .formatted(photos, kafka.bootstrapServers()));
    Run run =
        Run.tarn(
            "stream", "--conf-file", file, "--set", "parallelism=1", "--topic", "from-settings");
    assertThat(run.status()).isZero();
    assertThat(run.out()).contains("to 3");
  }

  @Test
  void whatDoesNotFitIsNamedAndChangesNothing() throws Exception {
    Path photos = SampleIndexes.photos(dir.resolve("photos"));
    stream(photos, "no-such-topic").fails(1, "has no topic no-such-topic");
    stream(photos, "changes", "--set", "colour=red").fails(2, "colour");
    stream(photos, "changes", "--checkpoint-interval", "1").fails(2, "checkpoint-interval-ms");
    stream(dir, "changes").fails(1, dir + " is no Tarn index");
    Run.tarn("stream", "--index", photos, "--topic", "x").fails(2, "kafka.bootstrap-servers");
    Run.tarn("stream", "--conf-file", dir.resolve("no.yaml")).fails(2, "no.yaml does not exist");
    Run.tarn(
            "stream",
            "--index",
            photos,
            "--topic",
            "x",
            "--bootstrap-servers",
            "127.0.0.1:1",
            "--set",
            "kafka.start-timeout-ms=1")
        .fails(1, "Kafka at 127.0.0.1:1 has not answered");
    assertThat(leftovers()).isEmpty();
  }

  private static Run stream(Path index, String topic, Object... more) {
    List<Object> args = new ArrayList<>(List.of("stream", "--index", index, "--topic", topic));
    args.addAll(List.of("--bootstrap-servers", kafka.bootstrapServers()));
    args.addAll(List.of(more));
    return Run.tarn(args.toArray());
  }

  private static List<Path> leftovers() throws Exception {
    try (Stream<Path> files = Files.list(Path.of(System.getProperty("java.io.tmpdir")))) {
      return files.filter(f -> f.getFileName().toString().startsWith("tarn-stream-")).toList();
    }
  }

  /** Set up as docs/operations.md says, but for the port. */
  private static List<Object> reporter(int port) throws Exception {
    String command =
        OperationsGuideTest.commands().stream()
            .filter(line -> line.startsWith("stream ") && line.contains(" -D "))
            .findFirst()
            .orElseThrow();
    List<Object> options = new ArrayList<>();
    String previous = "";
    for (String word : command.split(" ")) {
      if (previous.equals("-D")) {
        options.addAll(List.of("-D", word.replace("9249", Integer.toString(port))));
      }
      previous = word;
    }
    return options;
  }

  private static int freePort() throws Exception {
    try (ServerSocket socket = new ServerSocket(0)) {
      return socket.getLocalPort();
    }
  }

  private static String scrape(int port) throws Exception {
    return HttpClient.newHttpClient()
        .send(
            HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + port + "/metrics")).build(),
            HttpResponse.BodyHandlers.ofString())
        .body();
  }

  /** A checkpoint an hour: what was read can only have been published by the interrupt. */
  @Test
  void anInterruptPublishesWhatWasRead() throws Exception {
    Path photos = SampleIndexes.photos(dir.resolve("photos"));
    kafka.createTopic("interrupted", 1);
    send(kafka, "interrupted", record("bad", "no JSON"), record("lake-3", "{\"vector\":[7,7,7]}"));
    Path errors = dir.resolve("errors");
    int port = freePort();
    List<Object> arguments = new ArrayList<>(List.of("stream", "--index", photos));
    arguments.addAll(List.of("--topic", "interrupted", "--checkpoint-interval", 3_600_000));
    arguments.addAll(List.of("--bootstrap-servers", kafka.bootstrapServers()));
    arguments.addAll(List.of("--dead-letter-topic", "interrupted-bad", "--parallelism", 1));
    arguments.addAll(reporter(port));
    Process process = TarnProcess.start(errors, arguments.toArray());
    try (BufferedReader out =
        new BufferedReader(
            new InputStreamReader(process.getInputStream(), StandardCharsets.UTF_8))) {
      DeadLetters.await(kafka, "interrupted-bad");
      assertThat(scrape(port).lines())
          .anyMatch(
              line ->
                  line.contains("operator_tarn_badRecords{")
                      && line.contains("operator_name=\"decode\"")
                      && line.endsWith(" 1.0"));
      // Process.destroy would close its output, too.
      process.toHandle().destroy();
      assertThat(out.readLine()).contains(photos + " went from version 2 to 3");
      assertThat(process.waitFor(60, TimeUnit.SECONDS)).isTrue();
      assertThat(process.exitValue()).isZero();
      assertThat(Files.readString(errors)).contains("Stopping: publishing what has been read");
    } finally {
      process.destroyForcibly();
    }
    assertThat(Run.tarn("search", "--index", photos, "--id", "lake-3").succeeds().out())
        .contains("lake-3");
  }
}
