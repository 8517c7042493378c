package io.tarn.flink.sql;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import io.tarn.flink.TestJob;
import io.tarn.index.feature.Feature;
import io.tarn.index.snapshot.CalibrationPoint;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Predicate;
import org.apache.flink.table.api.DataTypes;
import org.apache.flink.table.api.EnvironmentSettings;
import org.apache.flink.table.api.Table;
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
import org.junit.jupiter.params.provider.ValueSource;

/** Searches of an index by SQL against brute force over a plain map. */
class VectorSearchTest {
  private static final long SEED = 17;
  private static final int QUERIES = 20;
  private static final int K = 7;

  @RegisterExtension static final MiniClusterExtension CLUSTER = TestJob.cluster();

  @TempDir Path dir;
  private SqlIndex index;
  private TableEnvironment sql;
  private final List<float[]> queries = new ArrayList<>();

  @BeforeEach
  void makeIndexAndQueries() throws Exception {
    index = SqlIndex.create(dir, SEED);
    for (int version = 0; version < 4; version++) {
      index.appendRandom(100, 150);
    }
    sql = TableEnvironment.create(EnvironmentSettings.inStreamingMode());
    sql.getConfig().set("parallelism.default", "2");
    Row[] rows = new Row[QUERIES];
    for (int i = 0; i < QUERIES; i++) {
      queries.add(index.randomVector());
      rows[i] = Row.of(i, boxed(queries.get(i)));
    }
    sql.createTemporaryView("queries", queryTable(rows));
  }

  private Table queryTable(Row... rows) {
    return sql.fromValues(
        DataTypes.ROW(
            DataTypes.FIELD("q", DataTypes.INT()),
            DataTypes.FIELD("embedding", DataTypes.ARRAY(DataTypes.FLOAT()))),
        (Object[]) rows);
  }

  private static Float[] boxed(float[] vector) {
    Float[] values = new Float[vector.length];
    for (int i = 0; i < values.length; i++) {
      values[i] = vector[i];
    }
    return values;
  }

  private void declare(String columns, String... options) {
    StringBuilder statement = new StringBuilder("CREATE TEMPORARY TABLE idx (" + columns + ")");
    statement.append(" WITH ('connector' = 'tarn', 'index' = '").append(dir).append("'");
    for (String option : options) {
      statement.append(", ").append(option);
    }
    sql.executeSql(statement.append(")").toString());
  }

  private static String search(String map) {
    return "SELECT * FROM queries, LATERAL TABLE(VECTOR_SEARCH(TABLE idx, DESCRIPTOR(vector),"
        + " queries.embedding, "
        + K
        + (map.isEmpty() ? "" : ", MAP[" + map + "]")
        + "))";
  }

  private List<Row> rows(String statement) throws Exception {
    List<Row> rows = new ArrayList<>();
    try (CloseableIterator<Row> results = sql.executeSql(statement).collect()) {
      results.forEachRemaining(rows::add);
    }
    return rows;
  }

  /** By query its results, nearest first. */
  private static Map<Integer, List<Row>> byQuery(List<Row> rows) {
    Map<Integer, List<Row>> results = new HashMap<>();
    for (Row row : rows) {
      results.computeIfAbsent((Integer) row.getField("q"), q -> new ArrayList<>()).add(row);
    }
    results
        .values()
        .forEach(each -> each.sort(Comparator.comparing(row -> row.getFieldAs("score"))));
    return results;
  }

  private void assertFindsNearest(List<Row> rows, Predicate<Feature> condition) {
    Map<Integer, List<Row>> results = byQuery(rows);
    for (int q = 0; q < QUERIES; q++) {
      assertThat(results.getOrDefault(q, List.of()))
          .as("query " + q)
          .extracting(row -> (String) row.getField("id"))
          .isEqualTo(index.nearest(queries.get(q), K, condition));
    }
  }

  @ParameterizedTest
  @ValueSource(booleans = {false, true})
  void findsTheTrueNeighboursWithAllTheirColumns(boolean async) throws Exception {
    declare(SqlIndex.COLUMNS, "'exact' = 'true'", "'lookup.async' = '" + async + "'");
    List<Row> rows = rows(search(""));
    assertFindsNearest(rows, feature -> true);
    for (Row row : rows) {
      Feature feature = index.live.get(row.<String>getFieldAs("id"));
      float[] query = queries.get(row.<Integer>getFieldAs("q"));
      assertThat((Double) row.getField("score"))
          .isCloseTo(SqlIndex.squaredL2(query, feature.vector()), within(1e-5));
      assertThat((Float[]) row.getField("vector")).isEqualTo(boxed(feature.vector()));
      for (int a = 0; a < SqlIndex.SCHEMA.attributes().size(); a++) {
        assertThat(row.getField(SqlIndex.SCHEMA.attributes().get(a).name()))
            .isEqualTo(feature.attributes()[a]);
      }
    }
  }

  @Test
  void aTableMayLeaveColumnsOutAndNameThemInAnyOrder() throws Exception {
    declare("price DOUBLE, vector ARRAY<FLOAT>, id STRING NOT NULL", "'exact' = 'true'");
    List<Row> rows = rows(search(""));
    assertFindsNearest(rows, feature -> true);
    assertThat(rows.get(0).getFieldNames(true))
        .containsExactly("q", "embedding", "price", "vector", "id", "score");
  }

  @Test
  void filtersOfTheTableAndOfOneSearchBothHold() throws Exception {
    declare(SqlIndex.COLUMNS, "'exact' = 'true'", "'filter' = 'number >= 20'");
    assertFindsNearest(
        rows(search("'filter', 'sold = true'")),
        f ->
            f.attributes()[1] instanceof Long number
                && number >= 20
                && Boolean.TRUE.equals(f.attributes()[3]));
  }

  @Test
  void aSearchMayLookAtMoreListsThanTheTableSays() throws Exception {
    declare(SqlIndex.COLUMNS, "'nprobe' = '1'");
    Map<Integer, List<Row>> few = byQuery(rows(search("")));
    boolean missed = false;
    for (int q = 0; q < QUERIES; q++) {
      List<String> found = few.get(q).stream().map(row -> (String) row.getFieldAs("id")).toList();
      missed |= !found.equals(index.nearest(queries.get(q), K, feature -> true));
    }
    assertThat(missed).as("one list is not enough").isTrue();
    assertFindsNearest(rows(search("'exact', 'true'")), feature -> true);
    assertFindsNearest(rows(search("'nprobe', '5'")), feature -> true);
  }

  /** As many lists as the index was measured to need: one for half of them, all for nearly all. */
  @Test
  void aRecallTakesAsManyListsAsItTookWhenTheIndexWasCalibrated() throws Exception {
    declare(SqlIndex.COLUMNS, "'recall' = '0.5'");
    assertThatThrownBy(() -> sql.explainSql(search("")))
        .hasStackTraceContaining("a recall of 0.5, but the index has not been calibrated");
    assertFindsNearest(rows(search("'exact', 'true'")), feature -> true);
    sql.executeSql("DROP TEMPORARY TABLE idx");
    index.calibrate(
        List.of(new CalibrationPoint(1, K, 0.6), new CalibrationPoint(SqlIndex.LISTS, K, 0.99)));
    declare(SqlIndex.COLUMNS, "'nprobe' = '1'");
    List<Row> ofOneList = rows(search(""));
    sql.executeSql("DROP TEMPORARY TABLE idx");
    declare(SqlIndex.COLUMNS, "'recall' = '0.5'");

    assertThat(byQuery(rows(search("")))).isEqualTo(byQuery(ofOneList));
    assertFindsNearest(rows(search("'recall', '0.95'")), feature -> true);
  }

  @Test
  void anOlderVersionIsSearched() throws Exception {
    long version = index.newest().version();
    Map<String, Feature> then = Map.copyOf(index.live);
    index.appendRandom(100, 150);
    index.live.clear();
    index.live.putAll(then);
    declare(SqlIndex.COLUMNS, "'exact' = 'true'", "'version' = '" + version + "'");
    assertFindsNearest(rows(search("")), feature -> true);
  }

  @Test
  void badQueriesFailTheJobOrHaveNoResult() throws Exception {
    sql.createTemporaryView(
        "bad",
        queryTable(
            Row.of(1, new Float[] {1f, 2f}),
            Row.of(2, new Float[] {1f, null, 3f, 4f}),
            Row.of(3, null),
            Row.of(4, new Float[] {1f, 2f, 3f, 4f})));
    declare(SqlIndex.COLUMNS);
    String search = search("").replace("queries", "bad");
    assertThatThrownBy(() -> rows(search))
        .hasStackTraceContaining("cannot be searched for a vector")
        .hasStackTraceContaining("'skip-bad-queries' = 'true'");
    sql.executeSql("DROP TEMPORARY TABLE idx");
    declare(SqlIndex.COLUMNS, "'skip-bad-queries' = 'true'");
    assertThat(byQuery(rows(search))).containsOnlyKeys(4);
    String outer = search.replace(", LATERAL", " LEFT JOIN LATERAL") + " ON TRUE";
    List<Row> kept = rows(outer);
    assertThat(kept).filteredOn(row -> row.getField("id") == null).hasSize(3);
    assertThat(kept).hasSize(3 + K);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '"',
      value = {
        "'nprobes' = '3'          | Unsupported options found for 'tarn'",
        "'nprobe' = '0'           | nprobe 0 is less than 1",
        "'nprobe' = 'x'           | Invalid value for option 'nprobe'",
        "'recall' = '1.5'         | a recall of 1.5 is not in (0, 1]",
        "'nprobe' = '3', 'exact' = 'true' | give only one of the options nprobe, recall and exact",
        "'filter' = 'colour = 1'  | colour",
        "'version' = '99'         | 99",
        "'version' = '1', 'timestamp' = '2026-11-21T10:00:00Z' | give the one or the other",
        "'timestamp' = 'noon'     | neither a time with its zone",
        "'tier' = 'disk'          | Invalid value for option 'tier'",
        "'memory-budget' = '0 b'  | memory-budget",
        "'refresh-interval' = '0 s' | give 1 ms or more",
        "'lookup.async-threads' = '0' | give 1 or more"
      })
  void optionsThatCannotBeUsedAreRefused(String option, String message) {
    declare(SqlIndex.COLUMNS, option);
    assertThatThrownBy(() -> sql.explainSql(search(""))).hasStackTraceContaining(message);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '"',
      value = {
        "id STRING, vector ARRAY<FLOAT>, colour STRING | declares the column colour, which the index"
            + " lacks; it has id STRING",
        "id BIGINT, vector ARRAY<FLOAT> | declares id as BIGINT, which in the index is STRING",
        "id STRING, vector ARRAY<DOUBLE> | declares vector as ARRAY<DOUBLE>",
        "id STRING, vector ARRAY<FLOAT>, seen TIMESTAMP(3) | declares seen as TIMESTAMP(3), which in"
            + " the index is TIMESTAMP_LTZ(6)",
        "id STRING, vector ARRAY<FLOAT>, name STRING NOT NULL | attributes can be missing",
        "id STRING, vector ARRAY<FLOAT>, name STRING, PRIMARY KEY (name) NOT ENFORCED | PRIMARY KEY"
            + " (id) NOT ENFORCED"
      })
  void columnsThatTheIndexDoesNotHaveAreRefused(String columns, String message) {
    assertThatThrownBy(
            () -> {
              declare(columns);
              sql.explainSql(search(""));
            })
        .hasStackTraceContaining(message);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '"',
      value = {
        "'nprobes', '3' | does not know the option 'nprobes'",
        "'filter', 'colour = 1' | colour",
        "'recall', '0' | a recall of 0.0 is not in (0, 1]"
      })
  void optionsOfOneSearchAreCheckedAsWell(String map, String message) {
    declare(SqlIndex.COLUMNS);
    assertThatThrownBy(() -> sql.explainSql(search(map))).hasStackTraceContaining(message);
  }

  @Test
  void aPlaceWithoutAnIndexIsNamed() {
    sql.executeSql(
        "CREATE TEMPORARY TABLE idx (id STRING, vector ARRAY<FLOAT>) WITH ('connector' = 'tarn',"
            + " 'index' = '"
            + dir.resolve("nowhere")
            + "')");
    assertThatThrownBy(() -> sql.explainSql(search(""))).hasStackTraceContaining("nowhere");
  }
}
