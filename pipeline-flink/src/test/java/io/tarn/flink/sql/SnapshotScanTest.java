package io.tarn.flink.sql;

import static org.assertj.core.api.Assertions.assertThat;

import io.tarn.flink.TestJob;
import io.tarn.index.feature.Feature;
import java.nio.file.Path;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeSet;
import java.util.function.Predicate;
import org.apache.flink.table.api.EnvironmentSettings;
import org.apache.flink.table.api.TableEnvironment;
import org.apache.flink.test.junit5.MiniClusterExtension;
import org.apache.flink.types.Row;
import org.apache.flink.util.CloseableIterator;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.io.TempDir;

/** Reading an index by SQL against a plain map. */
class SnapshotScanTest {
  private static final long SEED = 23;

  @RegisterExtension static final MiniClusterExtension CLUSTER = TestJob.cluster();

  @TempDir Path dir;
  private SqlIndex index;
  private TableEnvironment sql;

  @BeforeEach
  void makeIndex() throws Exception {
    index = SqlIndex.create(dir, SEED);
    for (int version = 0; version < 4; version++) {
      index.appendRandom(100, 150);
    }
    sql = TableEnvironment.create(EnvironmentSettings.inBatchMode());
    sql.getConfig().set("parallelism.default", "3");
  }

  private void declare(String columns, String... options) {
    StringBuilder statement = new StringBuilder("CREATE TEMPORARY TABLE idx (" + columns + ")");
    statement.append(" WITH ('connector' = 'tarn', 'index' = '").append(dir).append("'");
    for (String option : options) {
      statement.append(", ").append(option);
    }
    sql.executeSql(statement.append(")").toString());
  }

  private List<Row> rows(String statement) throws Exception {
    List<Row> rows = new ArrayList<>();
    try (CloseableIterator<Row> results = sql.executeSql(statement).collect()) {
      results.forEachRemaining(rows::add);
    }
    return rows;
  }

  private static void assertHolds(List<Row> rows, Map<String, Feature> live) {
    assertThat(rows).hasSameSizeAs(live.keySet());
    Map<String, List<Object>> read = new HashMap<>();
    Map<String, List<Object>> expected = new HashMap<>();
    for (Row row : rows) {
      List<Object> values = new ArrayList<>();
      values.add(Arrays.asList((Float[]) row.getField("vector")));
      SqlIndex.SCHEMA.attributes().forEach(a -> values.add(row.getField(a.name())));
      read.put(row.getFieldAs("id"), values);
    }
    live.forEach(
        (id, feature) -> {
          List<Object> values = new ArrayList<>();
          List<Float> vector = new ArrayList<>();
          for (float value : feature.vector()) {
            vector.add(value);
          }
          values.add(vector);
          values.addAll(Arrays.asList(feature.attributes()));
          expected.put(id, values);
        });
    assertThat(read).isEqualTo(expected);
  }

  @Test
  void readsEveryLiveRowOnceWithAllItsColumns() throws Exception {
    declare(SqlIndex.COLUMNS);
    assertHolds(rows("SELECT * FROM idx"), index.live);
  }

  @Test
  void readsOnlyTheColumnsThatAreSelected() throws Exception {
    declare(SqlIndex.COLUMNS);
    String query = "SELECT price, id FROM idx";
    assertThat(sql.explainSql(query)).containsAnyOf("project=[price, id]", "project=[id, price]");
    List<Row> rows = rows(query);
    assertThat(rows).hasSameSizeAs(index.live.keySet());
    for (Row row : rows) {
      Feature feature = index.live.get(row.<String>getFieldAs("id"));
      assertThat(row.getField("price")).isEqualTo(feature.attributes()[2]);
    }
    assertThat(rows("SELECT COUNT(*) FROM idx")).containsExactly(Row.of((long) index.live.size()));
  }

  @Test
  void readsTheRowsForWhichTheFilterOfTheTableIsTrue() throws Exception {
    declare("id STRING", "'filter' = 'number >= 50 and id != ''row-1'''");
    Predicate<Feature> condition =
        f ->
            f.attributes()[1] instanceof Long number
                && number >= 50
                && !f.id().toString().equals("row-1");
    assertThat(rows("SELECT id FROM idx"))
        .extracting(row -> (String) row.getField("id"))
        .containsExactlyInAnyOrderElementsOf(
            new TreeSet<>(
                index.live.values().stream()
                    .filter(condition)
                    .map(f -> f.id().toString())
                    .toList()));
  }

  @Test
  void readsAnOlderVersionByItsNumberAndByItsTime() throws Exception {
    Map<String, Feature> then = Map.copyOf(index.live);
    long version = index.newest().version();
    String time = Instant.ofEpochMilli(index.newest().timestampMs()).toString();
    // A version of the same millisecond would be the newest of that time.
    while (System.currentTimeMillis() <= index.newest().timestampMs()) {
      Thread.onSpinWait();
    }
    index.appendRandom(100, 150);
    declare(SqlIndex.COLUMNS, "'version' = '" + version + "'");
    assertHolds(rows("SELECT * FROM idx"), then);
    sql.executeSql("DROP TEMPORARY TABLE idx");
    declare(SqlIndex.COLUMNS, "'timestamp' = '" + time + "'");
    assertHolds(rows("SELECT * FROM idx"), then);
    sql.executeSql("DROP TEMPORARY TABLE idx");
    declare(SqlIndex.COLUMNS);
    assertHolds(rows("SELECT * FROM idx"), index.live);
  }

  @Test
  void anIndexWithoutRowsIsAnEmptyTable() throws Exception {
    Path empty = dir.resolve("empty");
    SqlIndex.create(empty, SEED);
    sql.executeSql(
        "CREATE TEMPORARY TABLE nothing (id STRING) WITH ('connector' = 'tarn', 'index' = '"
            + empty
            + "')");
    assertThat(rows("SELECT * FROM nothing")).isEmpty();
  }
}
