package io.tarn.flink.sql;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.tarn.embedding.Embedder;
import io.tarn.embedding.Word2VecEmbedder;
import io.tarn.flink.TestJob;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.Map;
import org.apache.flink.table.api.EnvironmentSettings;
import org.apache.flink.table.api.TableEnvironment;
import org.apache.flink.test.junit5.MiniClusterExtension;
import org.apache.flink.types.Row;
import org.apache.flink.util.CloseableIterator;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** The embedder of an index as a model. */
class PredictTest {
  private static final Embedder EMBEDDER =
      Word2VecEmbedder.of(
          Map.of("read", new float[] {1, 2, 3, 4}, "books", new float[] {4, 3, 2, 1}),
          Map.of("read", 1L, "books", 2L),
          3);

  @RegisterExtension static final MiniClusterExtension CLUSTER = TestJob.cluster();

  @TempDir Path dir;
  private final TableEnvironment sql = TableEnvironment.create(EnvironmentSettings.inBatchMode());

  @BeforeEach
  void makeTexts() throws Exception {
    SqlIndex.create(dir, 1, EMBEDDER);
    sql.getConfig().set("parallelism.default", "1");
    sql.executeSql(
        "CREATE TEMPORARY VIEW texts AS SELECT * FROM (VALUES (1, 'read books'), (2, 'xyzzy'),"
            + " (3, CAST(NULL AS STRING))) AS v(n, words)");
  }

  private void declare(String input, String output, String... options) {
    sql.executeSql(
        "CREATE TEMPORARY MODEL embedder INPUT ("
            + input
            + ") OUTPUT ("
            + output
            + ") WITH ('provider' = 'tarn'"
            + String.join("", options)
            + ")");
  }

  private String atIndex() {
    return ", 'index' = '" + dir + "'";
  }

  @Test
  void textsGetTheVectorsThatTheIndexEmbedsThemTo() throws Exception {
    declare("words STRING", "embedding ARRAY<FLOAT>", atIndex());
    Map<Object, Object> vectors = new HashMap<>();
    try (CloseableIterator<Row> rows =
        sql.executeSql(
                "SELECT n, embedding FROM ML_PREDICT(TABLE texts, MODEL embedder,"
                    + " DESCRIPTOR(words))")
            .collect()) {
      rows.forEachRemaining(row -> vectors.put(row.getField(0), row.getField(1)));
    }
    float[] expected = EMBEDDER.embed("read books");
    assertThat((Float[]) vectors.get(1))
        .containsExactly(expected[0], expected[1], expected[2], expected[3]);
    assertThat(vectors).containsEntry(2, null).containsEntry(3, null).hasSize(3);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '"',
      value = {
        "words STRING | embedding ARRAY<DOUBLE> | '' | words | one column of ARRAY<FLOAT>",
        "n INT | embedding ARRAY<FLOAT> | '' | n | an embedder has one column of STRING",
        "n INT, words STRING | embedding ARRAY<FLOAT> | '' | n, words | has one column of STRING",
        "words STRING | embedding ARRAY<FLOAT> | , 'nprobe' = '3' | words | Unsupported options",
      })
  void modelsThatAreNoEmbeddersAreRefused(
      String input, String output, String option, String columns, String message) {
    declare(input, output, atIndex(), option.equals("''") ? "" : option);
    assertRefused(columns, message);
  }

  @Test
  void aPlaceWithoutAnIndexOrEmbedderIsNamed() throws Exception {
    declare("words STRING", "embedding ARRAY<FLOAT>", ", 'index' = '" + dir + "/nowhere'");
    assertRefused("words", "nowhere");
    sql.executeSql("DROP TEMPORARY MODEL embedder");
    SqlIndex.create(dir.resolve("bare"), 1);
    declare("words STRING", "embedding ARRAY<FLOAT>", ", 'index' = '" + dir + "/bare'");
    assertRefused("words", "has no embedder");
    sql.executeSql("DROP TEMPORARY MODEL embedder");
    declare("words STRING", "embedding ARRAY<FLOAT>");
    assertRefused("words", "index");
  }

  private void assertRefused(String columns, String message) {
    assertThatThrownBy(
            () ->
                sql.explainSql(
                    "SELECT * FROM ML_PREDICT(TABLE texts, MODEL embedder, DESCRIPTOR("
                        + columns
                        + "))"))
        .hasStackTraceContaining(message);
  }
}
