package io.tarn.spark;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.tarn.index.commit.SnapshotLog;
import io.tarn.index.storage.LocalStorage;
import io.tarn.spark.search.TarnIndex;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Encoders;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SparkSession;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Runs what docs/spark.md shows. */
class SparkGuideTest {
  private static final Path GUIDE = Path.of("../docs/spark.md");
  private static final Path SOURCE = Path.of("src/test/java/io/tarn/spark/SparkGuideTest.java");

  @TempDir Path directory;
  private SparkSession spark;

  @BeforeEach
  void prepare() throws Exception {
    spark = LocalSpark.session().newSession();
    for (String setting : blocks(GUIDE, "properties").get(0).strip().split("\n")) {
      String[] keyAndValue = setting.split(" +");
      if (keyAndValue[0].startsWith("spark.sql.catalog")) {
        String value = keyAndValue[1].replace("/data/indexes", directory.toString());
        spark.conf().set(keyAndValue[0], value);
      } else {
        assertThat(LocalSpark.session().conf().get(keyAndValue[0])).isEqualTo(keyAndValue[1]);
      }
    }
    spark
        .sql(
            "select concat('p-', id) as id, array(id % 3, id % 2, 0.5) as vector, 1 as updated,"
                + " if(id = 5, null, concat('name ', id)) as name, id * 20.5d as price"
                + " from range(8)")
        .createOrReplaceTempView("catalogue");
    spark
        .sql("select id as query, array(id, 1, 0.2) as vector from range(3)")
        .createOrReplaceTempView("questions");
  }

  private static List<String> blocks(Path file, String language) throws Exception {
    Matcher block =
        Pattern.compile("```" + language + "\n(.*?)```", Pattern.DOTALL)
            .matcher(Files.readString(file));
    List<String> found = new ArrayList<>();
    while (block.find()) {
      found.add(block.group(1));
    }
    assertThat(found).isNotEmpty();
    return found;
  }

  @Test
  void statements() throws Exception {
    List<List<String>> results = new ArrayList<>();
    for (String block : blocks(GUIDE, "sql")) {
      for (String statement : block.strip().split(";")) {
        results.add(spark.sql(statement).toJSON().collectAsList());
      }
    }
    assertThat(spark.table("tarn.products").select("id").as(Encoders.STRING()).collectAsList())
        .containsExactlyInAnyOrder("p-0", "p-1", "p-2", "p-3", "p-4", "p-9");
    // The last statements in order: read three times, search twice, join.
    List<List<String>> last = results.subList(results.size() - 6, results.size());
    assertThat(last.get(0).get(0)).isEqualTo("{\"name\":\"name 0\",\"price\":0.0}");
    assertThat(last.get(2)).containsExactly("{\"count(1)\":8}");
    assertThat(last.get(3)).hasSize(3);
    assertThat(last.get(3).get(0)).startsWith("{\"id\":\"p-9\",\"name\":\"Scarf\",\"distance\":");
    assertThat(last.get(4)).hasSize(3).allMatch(hit -> !hit.contains("p-3"));
    assertThat(last.get(5)).hasSize(6);
    assertThat(last.get(5).get(0)).startsWith("{\"query\":0,\"rank\":1,\"distance\":");
    assertThat(
            spark
                .sql(
                    "select * from vector_search('"
                        + directory
                        + "/products', array(1, 0, 0.5f), 9)")
                .columns())
        .containsExactly("id", "distance", "name", "price", "rating");
  }

  @Test
  void javaCode() throws Exception {
    String source = Files.readString(SOURCE).replaceAll("\\s+", "");
    for (String block : blocks(GUIDE, "java")) {
      assertThat(source.contains(block.replaceAll("\\s+", ""))).as(block).isTrue();
    }
    String path = directory.resolve("index").toString();
    Dataset<Row> products = spark.table("catalogue").drop("updated");
    Dataset<Row> changes = spark.sql("select 'p-1' as id, array(0d) as vector, 'delete' as op");
    Dataset<Row> questions = spark.table("questions");
    products.write().format("tarn").option("metric", "cosine").option("nlist", 4).save(path);
    changes.write().format("tarn").option("op-column", "op").mode("append").save(path);
    String time;
    try (LocalStorage storage = new LocalStorage(Path.of(path))) {
      time = Instant.ofEpochMilli(new SnapshotLog(storage).read(1).timestampMs()).toString();
    }
    Dataset<Row> rows = spark.read().format("tarn").load(path);
    Dataset<Row> before = spark.read().format("tarn").option("version", 1).load(path);
    Dataset<Row> then = spark.read().format("tarn").option("timestamp", time).load(path);
    assertThat(List.of(rows.count(), before.count(), then.count())).containsExactly(7L, 8L, 8L);
    Dataset<Row> neighbours =
        TarnIndex.of(spark, path).knnJoin(questions, "vector", 2, Map.of("nprobe", "2"));
    assertThat(neighbours.count()).isEqualTo(6);
  }

  @Test
  void mistakesInFunctionsAreNamed() {
    assertRefused("vector_search('/x', array(1))", "vector_search takes 3 arguments, and options");
    assertRefused("vector_search(1, array(1), 2)", "the index must be text");
    assertRefused("vector_search('/x', 'y', 2)", "the vector must be an array of numbers");
    assertRefused("vector_search('/x', array(1), 'many')", "k must be a whole number");
    assertRefused("vector_search('/x', array(1), 0)", "k cannot be 0");
    assertRefused("vector_search('/x', array(1), 2, 'fast')", "the options must be a map");
    assertRefused("vector_search('/x', array(1), 2)", "/x is no Tarn index");
    assertRefused("vector_search('tarn.none', array(1), 2)", directory + "/none is no Tarn index");
    assertRefused("knn_join('/x', 'questions', 'vector', 2)", "written table(queries)");
    spark.sql(
        "create table tarn.products tblproperties ('metric' = 'cosine')"
            + " as select id, vector from catalogue");
    // Before any task runs, and without one's stack trace.
    assertRefused(
        "vector_search('tarn.products', array(1, 2), 2)",
        "a query cannot be used: the vector has 2 values, the index has 3");
    assertRefused(
        "vector_search('tarn.products', array(1, 2, 1e300d), 2)", "value 2 of the vector is Inf");
    assertRefused("vector_search('tarn.products', array(0, 0, 0), 2)", "a zero vector has no dir");
  }

  private void assertRefused(String function, String message) {
    assertThatThrownBy(() -> spark.sql("select * from " + function)).hasMessageContaining(message);
  }
}
