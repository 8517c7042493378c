package io.tarn.flink.sql;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.tarn.flink.TestJob;
import io.tarn.index.feature.Feature;
import java.nio.file.Path;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.stream.Stream;
import org.apache.flink.api.common.typeinfo.Types;
import org.apache.flink.streaming.api.environment.StreamExecutionEnvironment;
import org.apache.flink.table.api.EnvironmentSettings;
import org.apache.flink.table.api.Schema;
import org.apache.flink.table.api.TableEnvironment;
import org.apache.flink.table.api.bridge.java.StreamTableEnvironment;
import org.apache.flink.table.connector.ChangelogMode;
import org.apache.flink.table.functions.ScalarFunction;
import org.apache.flink.test.junit5.MiniClusterExtension;
import org.apache.flink.types.Row;
import org.apache.flink.types.RowKind;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Writing to an index by SQL, with queries that end, against a plain map. */
class InsertTest {
  private static final long SEED = 41;
  private static final String KEY = ", PRIMARY KEY (id) NOT ENFORCED";

  @RegisterExtension static final MiniClusterExtension CLUSTER = TestJob.cluster();

  @TempDir Path dir;
  private SqlIndex index;

  @BeforeEach
  void makeIndex() throws Exception {
    index = SqlIndex.create(dir, SEED);
  }

  private static TableEnvironment environment(boolean batch) {
    TableEnvironment sql =
        TableEnvironment.create(
            batch ? EnvironmentSettings.inBatchMode() : EnvironmentSettings.inStreamingMode());
    sql.getConfig().set("parallelism.default", "2");
    return sql;
  }

  private void declare(TableEnvironment sql, String columns, String... options) {
    StringBuilder statement = new StringBuilder("CREATE TEMPORARY TABLE idx (" + columns + ")");
    statement.append(" WITH ('connector' = 'tarn', 'index' = '").append(dir).append("'");
    for (String option : options) {
      statement.append(", ").append(option);
    }
    sql.executeSql(statement.append(")").toString());
  }

  private static String vector(double... values) {
    List<String> casts = new ArrayList<>();
    for (double value : values) {
      casts.add("CAST(" + value + " AS FLOAT)");
    }
    return "ARRAY[" + String.join(", ", casts) + "]";
  }

  @Test
  void upsertsAndDeletesEndAsTheLastChangeOfEachIdSays() throws Exception {
    StreamExecutionEnvironment env = StreamExecutionEnvironment.getExecutionEnvironment();
    StreamTableEnvironment sql = StreamTableEnvironment.create(env);
    Random random = new Random(SEED);
    Map<String, String> expected = new HashMap<>();
    List<Row> changes = new ArrayList<>();
    for (int i = 0; i < 3_000; i++) {
      String id = "id " + random.nextInt(100);
      if (random.nextInt(3) == 0 && expected.remove(id) != null) {
        changes.add(Row.ofKind(RowKind.DELETE, id, null, null));
      } else {
        RowKind kind =
            expected.put(id, "change " + i) == null ? RowKind.INSERT : RowKind.UPDATE_AFTER;
        changes.add(Row.ofKind(kind, id, new Float[] {i / 3_000f, 0f, 1f, 2f}, "change " + i));
      }
    }
    sql.createTemporaryView(
        "changes",
        sql.fromChangelogStream(
            env.fromData(
                Types.ROW_NAMED(
                    new String[] {"id", "vector", "name"},
                    Types.STRING,
                    Types.OBJECT_ARRAY(Types.FLOAT),
                    Types.STRING),
                changes.toArray(Row[]::new)),
            Schema.newBuilder()
                .column("id", "STRING NOT NULL")
                .column("vector", "ARRAY<FLOAT>")
                .column("name", "STRING")
                .primaryKey("id")
                .build(),
            ChangelogMode.upsert()));
    declare(sql, SqlIndex.COLUMNS + KEY, "'sink.parallelism' = '3'");
    sql.executeSql("INSERT INTO idx (id, vector, name) SELECT id, vector, name FROM changes")
        .await();

    Map<String, String> names = new HashMap<>();
    index.read().forEach((id, feature) -> names.put(id, (String) feature.attributes()[0]));
    assertThat(names).isEqualTo(expected);
    assertThat(index.newest().version()).as("one commit").isEqualTo(2);
    assertThat(index.newest().segments()).as("of three writers").hasSize(3);
  }

  @ParameterizedTest
  @ValueSource(booleans = {false, true})
  void aRowIsWrittenWithAllItsColumns(boolean batch) throws Exception {
    TableEnvironment sql = environment(batch);
    declare(sql, SqlIndex.COLUMNS);
    sql.executeSql(
            "INSERT INTO idx VALUES ('full', "
                + vector(1, 2, 3, 4)
                + ", 'a name', 7, 2.5, TRUE, TO_TIMESTAMP_LTZ(1700000000123, 3))")
        .await();
    sql.executeSql("INSERT INTO idx (vector, id) VALUES (" + vector(5, 6, 7, 8) + ", 'bare')")
        .await();
    sql.executeSql("INSERT INTO idx (vector, id) VALUES (" + vector(0, 0, 0, 1) + ", 'bare')")
        .await();

    Map<String, Feature> rows = index.read();
    assertThat(rows).containsOnlyKeys("full", "bare");
    assertThat(rows.get("full").vector()).containsExactly(1, 2, 3, 4);
    assertThat(rows.get("full").attributes())
        .containsExactly("a name", 7L, 2.5, true, Instant.ofEpochMilli(1_700_000_000_123L));
    assertThat(rows.get("bare").vector()).containsExactly(0, 0, 0, 1);
    assertThat(rows.get("bare").attributes()).containsOnlyNulls();
    assertThat(index.newest().version()).isEqualTo(4);
  }

  @Test
  void aRowThatIsTooLargeIsBad() throws Exception {
    TableEnvironment sql = environment(false);
    declare(sql, SqlIndex.COLUMNS, "'sink.max-row-size' = '100 b'", "'sink.bad-rows' = 'skip'");
    sql.executeSql(
            "INSERT INTO idx (id, vector, name) SELECT id, "
                + vector(1, 1, 1, 1)
                + ", REPEAT('x', n) FROM (VALUES ('large', 82), ('small', 79)) AS rows_of(id, n)")
        .await();
    assertThat(index.read()).containsOnlyKeys("small");
  }

  @Test
  void twoQueriesOfOneJobWriteToOneIndex() throws Exception {
    TableEnvironment sql = environment(false);
    declare(sql, SqlIndex.COLUMNS);
    sql.executeSql(
            "EXECUTE STATEMENT SET BEGIN INSERT INTO idx (id, vector) VALUES ('one', "
                + vector(1, 1, 1, 1)
                + "); INSERT INTO idx (id, vector) VALUES ('two', "
                + vector(2, 2, 2, 2)
                + "); END")
        .await();
    assertThat(index.read()).containsOnlyKeys("one", "two");
  }

  @Test
  void withAnOrderColumnWhatIsLateDoesNotSupersede() throws Exception {
    TableEnvironment sql = environment(false);
    declare(sql, SqlIndex.COLUMNS, "'sink.order-column' = 'seen'");
    String insert = "INSERT INTO idx (id, vector, seen) VALUES ('a', %s, TO_TIMESTAMP_LTZ(%d, 3))";
    sql.executeSql(String.format(insert, vector(1, 1, 1, 1), 2_000)).await();
    sql.executeSql(String.format(insert, vector(2, 2, 2, 2), 1_000)).await();
    assertThat(index.read().get("a").vector()).containsExactly(1, 1, 1, 1);
    assertThat(index.read().get("a").order()).isEqualTo(2_000);
    sql.executeSql(String.format(insert, vector(3, 3, 3, 3), 2_000)).await();
    assertThat(index.read().get("a").vector()).containsExactly(3, 3, 3, 3);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '"',
      value = {
        "1 | the vector has 1 values, the index has 4",
        "nothing | the vector is missing",
        "1 null 3 4 | value 1 of the vector is NULL",
        "1 NaN 3 4 | value 1 of the vector is NaN",
        "1 2 Infinity 4 | value 2 of the vector is Infinity"
      })
  void aBadRowFailsTheQuery(String vector, String message) throws Exception {
    TableEnvironment sql = environment(false);
    sql.createTemporarySystemFunction("floats", Floats.class);
    String insert =
        "INSERT INTO idx (id, vector) SELECT id, floats(v) FROM (VALUES ('good', '1 2 3 4'),"
            + " ('bad', '"
            + vector
            + "')) AS rows_of(id, v)";
    declare(sql, SqlIndex.COLUMNS);
    assertThatThrownBy(() -> sql.executeSql(insert).await())
        .hasStackTraceContaining("idx cannot take a row (+I bad): " + message)
        .hasStackTraceContaining("'sink.bad-rows' = 'skip'");
    assertThat(index.newest().version()).isEqualTo(1);
  }

  @Test
  void badRowsMayBeLeftOut() throws Exception {
    TableEnvironment sql = environment(false);
    sql.createTemporarySystemFunction("floats", Floats.class);
    declare(sql, SqlIndex.COLUMNS, "'sink.bad-rows' = 'skip'");
    sql.executeSql(
            "INSERT INTO idx (id, vector) SELECT id, floats(v) FROM (VALUES ('good', '1 2 3 4'),"
                + " ('a', '1'), ('b', 'nothing'), ('c', '1 NaN 3 4'), ('', '1 2 3 4'),"
                + " ('fine', '4 3 2 1')) AS rows_of(id, v)")
        .await();
    assertThat(index.read()).containsOnlyKeys("good", "fine");
  }

  /** Makes an array of its values' texts; Flink has no literals for what is no number. */
  public static final class Floats extends ScalarFunction {
    private static final long serialVersionUID = 1L;

    public Float[] eval(String values) {
      return values.equals("nothing")
          ? null
          : Stream.of(values.split(" "))
              .map(value -> value.equals("null") ? null : Float.valueOf(value))
              .toArray(Float[]::new);
    }

    /** So that the planner does not evaluate it. */
    @Override
    public boolean isDeterministic() {
      return false;
    }
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '"',
      value = {
        "id STRING, name STRING | '' | no column vector",
        "name STRING, vector ARRAY<FLOAT> | '' | no column id",
        "id STRING, vector ARRAY<FLOAT>, colour STRING | '' | the column colour, which the index"
            + " lacks; it has id STRING",
        "ALL | 'version' = '1' | stays at a version",
        "ALL | 'sink.order' = 'x' | Unsupported options found for 'tarn'",
        "ALL | 'sink.bad-rows' = 'drop' | Invalid value for option 'sink.bad-rows'",
        "ALL | 'sink.order-column' = 'seen' | declares as BIGINT or TIMESTAMP_LTZ(6)",
        "ALL | 'sink.buffer-size' = '0 b' | sink.buffer-size",
        "ALL | 'sink.buffer-size' = '2 gb' | sink.buffer-size",
        "ALL | 'sink.parallelism' = '0' | sink.parallelism is 0"
      })
  void whatCannotBeWrittenToIsRefused(String columns, String option, String message) {
    TableEnvironment sql = environment(false);
    String declared =
        columns.equals("ALL") ? "id STRING, vector ARRAY<FLOAT>, name STRING" : columns;
    declare(sql, declared, option.equals("''") ? "'sink.bad-rows' = 'fail'" : option);
    assertThatThrownBy(() -> sql.executeSql("INSERT INTO idx SELECT * FROM idx"))
        .hasStackTraceContaining(message);
  }

  @Test
  void aTableWithoutKeyTakesNoUpdates() {
    TableEnvironment sql = environment(false);
    declare(sql, "id STRING, vector ARRAY<FLOAT>");
    assertThatThrownBy(
            () ->
                sql.executeSql(
                    "INSERT INTO idx SELECT id, LAST_VALUE(vector) FROM idx GROUP BY id"))
        .hasStackTraceContaining("declare PRIMARY KEY (id) NOT ENFORCED");
  }

  @Test
  void anEndlessQueryWithoutCheckpointsIsRefused() {
    TableEnvironment sql = environment(false);
    declare(sql, SqlIndex.COLUMNS);
    sql.executeSql(
        "CREATE TEMPORARY TABLE arriving (id STRING, vector ARRAY<FLOAT>) WITH ('connector' ="
            + " 'kafka', 'topic' = 't', 'properties.bootstrap.servers' = 'nowhere:9', 'scan.startup.mode' = 'earliest-offset',"
            + " 'format' = 'json')");
    assertThatThrownBy(
            () -> sql.executeSql("INSERT INTO idx (id, vector) SELECT id, vector FROM arriving"))
        .hasStackTraceContaining("SET 'execution.checkpointing.interval'");
  }
}
