package io.tarn.spark;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.tarn.index.commit.SnapshotLog;
import io.tarn.index.feature.Feature;
import io.tarn.index.search.IndexReader;
import io.tarn.index.search.IndexView;
import io.tarn.index.snapshot.Snapshot;
import io.tarn.index.storage.LocalStorage;
import io.tarn.settings.Settings;
import io.tarn.spark.input.UnusableInputException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Timestamp;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.function.Predicate;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SparkSession;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class DataSourceReadTest {
  @TempDir static Path directory;
  private static Path index;

  @BeforeAll
  static void create() throws IOException {
    index = directory.resolve("index");
    SampleIndex.create(index);
  }

  private static Dataset<Row> load() {
    return load(index);
  }

  private static Dataset<Row> load(Path from) {
    return LocalSpark.session().read().format("tarn").load(from.toString());
  }

  /** What index-core says is live, as the data source is to show it. */
  private static Map<Object, List<Object>> expected(IndexView view) {
    Map<Object, List<Object>> rows = new TreeMap<>();
    view.forEachLive(feature -> rows.put(feature.id().toObject(), row(feature)));
    return rows;
  }

  private static List<Object> row(Feature feature) {
    List<Object> values = new ArrayList<>();
    values.add(feature.id().toObject());
    values.add(floats(feature.vector()));
    for (Object value : feature.attributes()) {
      values.add(value instanceof Instant instant ? Timestamp.from(instant) : value);
    }
    values.add(feature.order());
    return values;
  }

  private static List<Float> floats(float[] vector) {
    List<Float> floats = new ArrayList<>();
    for (float value : vector) {
      floats.add(value);
    }
    return floats;
  }

  private static Map<Object, List<Object>> actual(Dataset<Row> rows) {
    Map<Object, List<Object>> actual = new TreeMap<>();
    for (Row row : rows.drop("list").collectAsList()) {
      List<Object> values = new ArrayList<>();
      for (int i = 0; i < row.size(); i++) {
        values.add(i == 1 ? row.getList(1) : row.get(i));
      }
      assertThat(actual.put(row.get(0), values)).as("rows of id %s", row.get(0)).isNull();
    }
    return actual;
  }

  @Test
  void largeSegmentsAreReadBySeveralTasks() throws Exception {
    IndexView view = IndexFiles.view(index);
    int segments = view.snapshot().segments().size();
    SparkSession session = LocalSpark.session().newSession();
    session.conf().set("spark.sql.files.openCostInBytes", 1);
    session.conf().set("spark.sql.files.maxPartitionBytes", 20_000);
    Dataset<Row> split = session.read().format("tarn").load(index.toString());
    assertThat(split.javaRDD().getNumPartitions()).isGreaterThan(3 * segments);
    assertThat(actual(split)).isEqualTo(expected(view));
    assertThat(split.where("year < 1950").select("id").count())
        .isEqualTo(load().where("year < 1950").count());
    // What is not selected does not count: lists alone are few bytes.
    assertThat(split.select("list").javaRDD().getNumPartitions()).isLessThan(10);
    session.conf().set("spark.sql.files.maxPartitionBytes", 128 << 20);
    session.conf().set("spark.sql.files.openCostInBytes", 128 << 20);
    Dataset<Row> together = session.read().format("tarn").load(index.toString());
    assertThat(together.javaRDD().getNumPartitions()).isEqualTo(1);
    assertThat(actual(together)).isEqualTo(expected(view));
  }

  @Test
  void itsRowsAreTheLiveOnes() throws Exception {
    IndexView view = IndexFiles.view(index);
    assertThat(view.snapshot().segments().size()).isGreaterThan(2);
    Dataset<Row> rows = load();
    assertThat(rows.schema().simpleString())
        .isEqualTo(
            "struct<id:bigint,vector:array<float>,title:string,kind:string,year:bigint,"
                + "price:double,sold:boolean,made:timestamp,order:bigint,list:int>");
    assertThat(actual(rows)).isEqualTo(expected(view));
    Map<Integer, Long> byList = new TreeMap<>();
    rows.groupBy("list")
        .count()
        .collectAsList()
        .forEach(r -> byList.put(r.getInt(0), r.getLong(1)));
    Map<Integer, Long> liveByList = new TreeMap<>();
    for (int i = 0; i < view.model().listCount(); i++) {
      if (view.liveRowsByList()[i] > 0) {
        liveByList.put(view.model().listIds()[i], view.liveRowsByList()[i]);
      }
    }
    assertThat(byList).isEqualTo(liveByList);
    assertThat(rows.count()).isEqualTo(view.liveRowCount());
  }

  @Test
  void olderVersionsAreReadByNumberAndByTime() throws Exception {
    try (LocalStorage storage = new LocalStorage(index)) {
      Map<Object, List<Object>> first = expected(IndexReader.openVersion(storage, 1));
      assertThat(first).hasSize(SampleIndex.ROWS);
      assertThat(actual(reader("version", "1"))).isEqualTo(first);
      Snapshot second = new SnapshotLog(storage).read(2);
      String time = Instant.ofEpochMilli(second.timestampMs()).toString();
      assertThat(actual(reader("timestamp", time)))
          .isEqualTo(expected(IndexReader.openVersion(storage, 2)));
    }
    assertThatThrownBy(() -> reader("version", "9").count())
        .isInstanceOf(UnusableInputException.class)
        .hasMessageContaining("has no version 9; its newest is 3");
    assertThatThrownBy(() -> reader("timestamp", "2020-01-01").count())
        .hasMessageContaining("did not exist at 2020-01-01T00:00:00Z: its first version is of ");
  }

  private static Dataset<Row> reader(String option, String value) {
    return LocalSpark.session().read().format("tarn").option(option, value).load(index.toString());
  }

  /** Each is expressed twice: for Spark to push, and as what a row must fulfil. */
  @Test
  void conditionsAreLookedAtByTheIndexAsSparkWould() throws Exception {
    Map<Object, List<Object>> rows = expected(IndexFiles.view(index));
    check(rows, "kind = 'noun'", true, row -> "noun".equals(row.get(3)));
    check(rows, "kind <> 'it''s'", true, row -> row.get(3) != null && !"it's".equals(row.get(3)));
    check(
        rows,
        "'noun' < kind",
        true,
        row -> row.get(3) != null && str(row, 3).compareTo("noun") > 0);
    check(
        rows, "kind in ('verb', 'ünï')", true, row -> List.of("verb", "ünï").contains(str(row, 3)));
    check(rows, "not (kind in ('verb', 'ünï') and year >= 2000)", true, row -> notBoth(row));
    check(
        rows,
        "kind is null or sold",
        true,
        row -> row.get(3) == null || Boolean.TRUE.equals(row.get(6)));
    check(
        rows,
        "sold = true and kind is not null",
        true,
        row -> Boolean.TRUE.equals(row.get(6)) && row.get(3) != null);
    check(rows, "year < 1950", true, row -> row.get(4) != null && (Long) row.get(4) < 1950);
    check(
        rows,
        "price > 3.5",
        true,
        row -> row.get(5) != null && Double.compare((Double) row.get(5), 3.5) > 0);
    check(rows, "price = 0", true, row -> row.get(5) != null && (Double) row.get(5) == 0.0);
    check(
        rows,
        "price = double('NaN')",
        false,
        row -> row.get(5) != null && ((Double) row.get(5)).isNaN());
    check(rows, "id = 17", true, row -> row.get(0).equals(17L));
    check(
        rows,
        "made >= timestamp '2023-11-14 22:14:00Z'",
        true,
        row -> row.get(7) != null && ((Timestamp) row.get(7)).getTime() >= 1_700_000_040_000L);
    check(
        rows,
        "title like 'title 1%'",
        false,
        row -> row.get(2) != null && str(row, 2).startsWith("title 1"));
    check(rows, "order > 6000", false, row -> (Long) row.get(8) > 6000);
    check(rows, "vector[0] > 0", false, row -> ((Float) ((List<?>) row.get(1)).get(0)) > 0);
  }

  private static String str(List<Object> row, int i) {
    return String.valueOf(row.get(i));
  }

  /** In SQL's logic of three values. */
  private static boolean notBoth(List<Object> row) {
    Boolean kind = row.get(3) == null ? null : List.of("verb", "ünï").contains(str(row, 3));
    Boolean year = row.get(4) == null ? null : (Long) row.get(4) >= 2000;
    return Boolean.FALSE.equals(kind) || Boolean.FALSE.equals(year);
  }

  private static void check(
      Map<Object, List<Object>> rows, String sql, boolean pushed, Predicate<List<Object>> meaning) {
    Dataset<Row> filtered = load().where(sql);
    assertThat(isLeftToSpark(filtered)).as("%s is left to Spark", sql).isEqualTo(!pushed);
    Map<Object, List<Object>> passing = new TreeMap<>(rows);
    passing.values().removeIf(meaning.negate());
    assertThat(passing).as(sql).isNotEmpty().hasSizeLessThan(rows.size());
    assertThat(filtered.select("id").collectAsList().stream().map(row -> row.get(0)))
        .as(sql)
        .containsExactlyInAnyOrderElementsOf(passing.keySet());
  }

  private static boolean isLeftToSpark(Dataset<Row> rows) {
    return plan(rows).contains("Filter ");
  }

  private static String plan(Dataset<Row> rows) {
    return ((org.apache.spark.sql.classic.Dataset<Row>) rows)
        .queryExecution()
        .optimizedPlan()
        .toString()
        .replaceAll("(?s)RelationV2.*", "");
  }

  private static Path copy(String name) throws IOException {
    Path copy = directory.resolve(name);
    for (String file : IndexFiles.below(index)) {
      Files.createDirectories(copy.resolve(file).getParent());
      Files.copy(index.resolve(file), copy.resolve(file));
    }
    return copy;
  }

  /** A copy whose vectors are damaged, in ways only who reads them can notice. */
  @Test
  void vectorsAreNotReadUnlessTheyAreSelected() throws Exception {
    Path copy = copy("damaged");
    for (String file : IndexFiles.below(copy.resolve("segments"))) {
      Path segment = copy.resolve("segments").resolve(file);
      byte[] bytes = Files.readAllBytes(segment);
      // Most of a segment are vectors; its first quarter has lists and ids.
      bytes[bytes.length / 2]++;
      Files.write(segment, bytes);
    }
    Dataset<Row> rows = LocalSpark.session().read().format("tarn").load(copy.toString());
    assertThat(rows.where("kind = 'noun'").select("id", "title", "order", "list").collectAsList())
        .hasSameSizeAs(load().where("kind = 'noun'").select("id").collectAsList());
    assertThatThrownBy(() -> rows.select("vector").collectAsList())
        .hasStackTraceContaining("whose checksum is wrong");
  }

  @Test
  void statisticsAreThoseOfTheSelectedColumns() throws Exception {
    // Until it is settled which rows are live, all of them count.
    var before = statistics(load(copy("unsettled")));
    assertThat(before.rowCount().get().toLong())
        .isEqualTo(
            IndexFiles.view(index).snapshot().segments().stream().mapToLong(s -> s.rows()).sum());
    long rows = load().count();
    assertThat(rows).isEqualTo(IndexFiles.view(index).liveRowCount());
    var all = statistics(load());
    assertThat(all.rowCount().get().toLong()).isEqualTo(rows);
    assertThat(all.sizeInBytes().toLong()).isGreaterThan(rows * SampleIndex.DIMENSION * 4);
    assertThat(statistics(load().select("id")).sizeInBytes().toLong())
        .isBetween(rows * 8, rows * 24);
  }

  private static org.apache.spark.sql.catalyst.plans.logical.Statistics statistics(
      Dataset<Row> rows) {
    return ((org.apache.spark.sql.classic.Dataset<Row>) rows)
        .queryExecution()
        .optimizedPlan()
        .stats();
  }

  @Test
  void aTableThatWasLoadedStaysAsItWas() throws Exception {
    Path own = copy("own");
    Dataset<Row> before = LocalSpark.session().read().format("tarn").load(own.toString());
    long count = before.count();
    AppendJob.run(
        LocalSpark.session(),
        Settings.load(
            AppendSettings.class,
            Optional.empty(),
            List.of("index=" + own, "input.path=x", "delete=true")),
        before.select("id").limit(100));
    assertThat(before.count()).isEqualTo(count);
    assertThat(LocalSpark.session().read().format("tarn").load(own.toString()).count())
        .isEqualTo(count - 100);
  }

  @Test
  void mistakesAreNamed() {
    assertThatThrownBy(() -> LocalSpark.session().read().format("tarn").load())
        .isInstanceOf(UnusableInputException.class)
        .hasMessageContaining("say where the index is");
    assertThatThrownBy(() -> LocalSpark.session().read().format("tarn").load("/no/such/index"))
        .isInstanceOf(UnusableInputException.class)
        .hasMessageContaining("/no/such/index is no Tarn index");
    assertThatThrownBy(() -> LocalSpark.session().read().format("tarn").load("ftp://host/index"))
        .isInstanceOf(UnusableInputException.class)
        .hasMessageContaining("not known how to commit safely");
    assertThatThrownBy(() -> LocalSpark.session().read().format("tarn").load("/a", "/b"))
        .hasMessageContaining("several paths are given");
    assertThatThrownBy(() -> reader("verison", "1"))
        .hasMessageContaining(
            "unknown option 'verison': an index is read with version or timestamp");
    assertThatThrownBy(() -> reader("version", "new"))
        .hasMessageContaining("the option version is 'new', which is no whole number");
    assertThatThrownBy(() -> reader("timestamp", "soon"))
        .hasMessageContaining("the option timestamp is 'soon', which is no time such as");
    assertThatThrownBy(
            () ->
                LocalSpark.session()
                    .read()
                    .format("tarn")
                    .schema("id bigint")
                    .load(index.toString()))
        .hasMessageContaining("an index knows its own schema");
  }
}
