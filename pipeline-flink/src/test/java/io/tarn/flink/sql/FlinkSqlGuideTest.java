package io.tarn.flink.sql;

import static org.assertj.core.api.Assertions.assertThat;

import io.tarn.embedding.Embedder;
import io.tarn.embedding.Word2VecEmbedder;
import io.tarn.flink.TestJob;
import io.tarn.index.feature.Feature;
import io.tarn.kafka.EmbeddedKafka;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.function.Predicate;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.apache.flink.core.execution.JobClient;
import org.apache.flink.table.api.EnvironmentSettings;
import org.apache.flink.table.api.TableEnvironment;
import org.apache.flink.test.junit5.MiniClusterExtension;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.serialization.StringDeserializer;
import org.apache.kafka.common.serialization.StringSerializer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.io.TempDir;

/** Runs the statements of docs/flink-sql.md, and looks whether answers follow the index. */
class FlinkSqlGuideTest {
  private static final Path GUIDE = Path.of("..", "docs", "flink-sql.md");
  private static final Pattern STATEMENTS = Pattern.compile("(?s)```sql\n(.*?)```");
  private static final Pattern ANSWER = Pattern.compile("\"query_id\":\"(.*?)\",\"id\":\"(.*?)\"");
  private static final long LIMIT_NS = TimeUnit.MINUTES.toNanos(4);
  private static final Pattern SETTING = Pattern.compile("SET '(.*)' = '(.*)'");
  private static final int K = 5;
  private static final Embedder EMBEDDER =
      Word2VecEmbedder.of(
          Map.of(
              "warm", new float[] {0.9f, 0.1f, 0.4f, 0.2f},
              "red", new float[] {0.2f, 0.8f, 0.3f, 0.7f},
              "shirt", new float[] {0.5f, 0.4f, 0.9f, 0.1f}),
          Map.of("warm", 1L, "red", 2L, "shirt", 3L),
          6);

  @RegisterExtension static final MiniClusterExtension CLUSTER = TestJob.cluster();

  @TempDir Path dir;
  private final Map<String, List<String>> answers = new HashMap<>();

  @Test
  void theStatementsAnswerQueriesAndTextsAndKeepTheIndexUpToDate() throws Exception {
    SqlIndex index = SqlIndex.create(dir, 31, EMBEDDER);
    index.appendRandom(300, 200);
    try (EmbeddedKafka kafka = EmbeddedKafka.start()) {
      kafka.createTopic("queries", 2);
      kafka.createTopic("questions", 1);
      kafka.createTopic("offers", 2);
      kafka.createTopic("answers", 1);
      Map<String, Object> client = Map.of("bootstrap.servers", kafka.bootstrapServers());
      List<JobClient> jobs = run(kafka.bootstrapServers());
      assertThat(jobs).hasSize(3);
      try (KafkaProducer<String, String> producer =
              new KafkaProducer<>(client, new StringSerializer(), new StringSerializer());
          KafkaConsumer<String, String> consumer =
              new KafkaConsumer<>(
                  client(client), new StringDeserializer(), new StringDeserializer())) {
        consumer.subscribe(List.of("answers"));
        float[] query = index.randomVector();
        ask(producer, "before", query);
        awaitAnswer(consumer, "before");
        List<String> before = index.nearest(query, K, FlinkSqlGuideTest::isUnsold);
        assertThat(answers.get("before")).isEqualTo(before);

        askInWords(producer, "words", "a warm red shirt");
        awaitAnswer(consumer, "words");
        assertThat(answers.get("words"))
            .isEqualTo(index.nearest(EMBEDDER.embed("a warm red shirt"), K, feature -> true));

        offer(producer, "the new one", query);
        String with = askUntil(first -> first.equals("the new one"), query, producer, consumer);
        assertThat(answers.get(with).subList(1, K)).isEqualTo(before.subList(0, K - 1));

        producer.send(new ProducerRecord<>("offers", "the new one", null)).get();
        String without = askUntil(first -> !first.equals("the new one"), query, producer, consumer);
        assertThat(answers.get(without)).isEqualTo(before);
      } finally {
        for (JobClient job : jobs) {
          job.cancel().get();
        }
      }
    }
  }

  private static boolean isUnsold(Feature feature) {
    return Boolean.FALSE.equals(feature.attributes()[3]);
  }

  private static Map<String, Object> client(Map<String, Object> client) {
    Map<String, Object> properties = new HashMap<>(client);
    properties.put("group.id", "test");
    properties.put("auto.offset.reset", "earliest");
    return properties;
  }

  /** The jobs, which go on until they are cancelled. */
  private List<JobClient> run(String bootstrapServers) throws Exception {
    TableEnvironment sql = TableEnvironment.create(EnvironmentSettings.inStreamingMode());
    sql.getConfig().set("parallelism.default", "1");
    List<JobClient> jobs = new ArrayList<>();
    Matcher blocks = STATEMENTS.matcher(Files.readString(GUIDE));
    while (blocks.find()) {
      for (String statement : blocks.group(1).strip().split(";(\n+|$)")) {
        Matcher setting = SETTING.matcher(statement);
        if (setting.matches()) {
          // A statement of the SQL client.
          sql.getConfig().set(setting.group(1), setting.group(2));
          continue;
        }
        sql.executeSql(
                statement
                    .replace("localhost:9092", bootstrapServers)
                    .replace("/data/items", dir.toString()))
            .getJobClient()
            .ifPresent(jobs::add);
      }
    }
    return jobs;
  }

  private static void ask(KafkaProducer<String, String> producer, String id, float[] query)
      throws Exception {
    String json = "{\"query_id\":\"" + id + "\",\"embedding\":" + Arrays.toString(query) + "}";
    producer.send(new ProducerRecord<>("queries", json)).get();
  }

  private static void askInWords(KafkaProducer<String, String> producer, String id, String text)
      throws Exception {
    String json = "{\"query_id\":\"" + id + "\",\"question\":\"" + text + "\"}";
    producer.send(new ProducerRecord<>("questions", json)).get();
  }

  private static void offer(KafkaProducer<String, String> producer, String id, float[] vector)
      throws Exception {
    String json =
        "{\"id\":\"" + id + "\",\"embedding\":" + Arrays.toString(vector) + ",\"sold\":false}";
    producer.send(new ProducerRecord<>("offers", id, json)).get();
  }

  /** Searches before the refresh are answered from the version before. */
  private String askUntil(
      Predicate<String> first,
      float[] query,
      KafkaProducer<String, String> producer,
      KafkaConsumer<String, String> consumer)
      throws Exception {
    long startedNs = System.nanoTime();
    for (int i = 0; System.nanoTime() - startedNs < LIMIT_NS; i++) {
      String id = "query " + answers.size() + "-" + i;
      ask(producer, id, query);
      awaitAnswer(consumer, id);
      if (first.test(answers.get(id).get(0))) {
        return id;
      }
    }
    throw new AssertionError("no such answer: " + answers);
  }

  private void awaitAnswer(KafkaConsumer<String, String> consumer, String queryId) {
    long startedNs = System.nanoTime();
    while (answers.getOrDefault(queryId, List.of()).size() < K) {
      assertThat(System.nanoTime() - startedNs).as("waiting for " + queryId).isLessThan(LIMIT_NS);
      for (ConsumerRecord<String, String> record : consumer.poll(Duration.ofMillis(100))) {
        Matcher answer = ANSWER.matcher(record.value());
        assertThat(answer.find()).as(record.value()).isTrue();
        answers.computeIfAbsent(answer.group(1), id -> new ArrayList<>()).add(answer.group(2));
      }
    }
  }
}
