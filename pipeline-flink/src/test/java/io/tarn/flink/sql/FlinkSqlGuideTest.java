package io.tarn.flink.sql;

import static org.assertj.core.api.Assertions.assertThat;

import io.tarn.index.feature.Feature;
import io.tarn.index.feature.FeatureId;
import io.tarn.kafka.EmbeddedKafka;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.apache.flink.table.api.EnvironmentSettings;
import org.apache.flink.table.api.TableEnvironment;
import org.apache.flink.table.api.TableResult;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.serialization.StringDeserializer;
import org.apache.kafka.common.serialization.StringSerializer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Runs the statements of docs/flink-sql.md, and looks whether answers follow the index. */
class FlinkSqlGuideTest {
  private static final Path GUIDE = Path.of("..", "docs", "flink-sql.md");
  private static final Pattern STATEMENTS = Pattern.compile("(?s)```sql\n(.*?)```");
  private static final Pattern ANSWER =
      Pattern.compile("\"query_id\":\"(.*?)\",\"id\":\"(.*?)\"");
  private static final long LIMIT_NS = TimeUnit.SECONDS.toNanos(60);
  private static final int K = 5;

  @TempDir Path dir;
  private final Map<String, List<String>> answers = new HashMap<>();

  @Test
  void answersQueriesFromKafkaAndFollowsTheIndex() throws Exception {
    SqlIndex index = SqlIndex.create(dir, 31);
    index.appendRandom(300, 200);
    try (EmbeddedKafka kafka = EmbeddedKafka.start()) {
      kafka.createTopic("queries", 2);
      kafka.createTopic("answers", 1);
      Map<String, Object> client = Map.of("bootstrap.servers", kafka.bootstrapServers());
      TableResult job = run(kafka.bootstrapServers());
      try (KafkaProducer<String, String> producer =
              new KafkaProducer<>(client, new StringSerializer(), new StringSerializer());
          KafkaConsumer<String, String> consumer =
              new KafkaConsumer<>(client(client), new StringDeserializer(), new StringDeserializer())) {
        consumer.subscribe(List.of("answers"));
        float[] query = index.randomVector();
        ask(producer, "before", query);
        awaitAnswer(consumer, "before");
        assertThat(answers.get("before"))
            .isEqualTo(index.nearest(query, K, FlinkSqlGuideTest::unsold));

        index.append(unsold("the new one", query));
        String latest = askUntilFirstIs("the new one", query, producer, consumer);
        assertThat(answers.get(latest))
            .isEqualTo(index.nearest(query, K, FlinkSqlGuideTest::unsold));
      } finally {
        job.getJobClient().orElseThrow().cancel().get();
      }
    }
  }

  private static boolean unsold(Feature feature) {
    return Boolean.FALSE.equals(feature.attributes()[3]);
  }

  private static Feature unsold(String id, float[] vector) {
    Object[] attributes = {"new", null, null, false, null};
    return new Feature(FeatureId.of(id), vector, Long.MAX_VALUE, 0, attributes);
  }

  private static Map<String, Object> client(Map<String, Object> client) {
    Map<String, Object> properties = new HashMap<>(client);
    properties.put("group.id", "test");
    properties.put("auto.offset.reset", "earliest");
    return properties;
  }

  /** The last statement is the job, which goes on until it is cancelled. */
  private TableResult run(String bootstrapServers) throws Exception {
    Matcher block = STATEMENTS.matcher(Files.readString(GUIDE));
    assertThat(block.find()).isTrue();
    TableEnvironment sql = TableEnvironment.create(EnvironmentSettings.inStreamingMode());
    sql.getConfig().set("parallelism.default", "1");
    TableResult last = null;
    for (String statement : block.group(1).split(";\n")) {
      last =
          sql.executeSql(
              statement
                  .replace("localhost:9092", bootstrapServers)
                  .replace("/data/items", dir.toString()));
    }
    return last;
  }

  private static void ask(KafkaProducer<String, String> producer, String id, float[] query)
      throws Exception {
    List<String> values = new ArrayList<>();
    for (float value : query) {
      values.add(Float.toString(value));
    }
    String json = "{\"query_id\":\"" + id + "\",\"embedding\":[" + String.join(",", values) + "]}";
    producer.send(new ProducerRecord<>("queries", json)).get();
  }

  /** Searches before the refresh are answered from the version before. */
  private String askUntilFirstIs(
      String expected,
      float[] query,
      KafkaProducer<String, String> producer,
      KafkaConsumer<String, String> consumer)
      throws Exception {
    long startedNs = System.nanoTime();
    for (int i = 0; System.nanoTime() - startedNs < LIMIT_NS; i++) {
      String id = "after " + i;
      ask(producer, id, query);
      awaitAnswer(consumer, id);
      if (answers.get(id).get(0).equals(expected)) {
        return id;
      }
    }
    throw new AssertionError("no answer with " + expected + ": " + answers);
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
