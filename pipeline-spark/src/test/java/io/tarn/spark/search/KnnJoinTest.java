package io.tarn.spark.search;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.tarn.index.filter.Filter;
import io.tarn.index.search.Hit;
import io.tarn.index.search.IndexView;
import io.tarn.index.search.Probe;
import io.tarn.index.search.Query;
import io.tarn.settings.Settings;
import io.tarn.spark.IndexFiles;
import io.tarn.spark.KnnJoinJob;
import io.tarn.spark.KnnJoinSettings;
import io.tarn.spark.LocalSpark;
import io.tarn.spark.SampleIndex;
import io.tarn.spark.VectorRows;
import io.tarn.spark.input.UnusableInputException;
import io.tarn.spark.live.LiveSegment;
import io.tarn.spark.live.SettledRows;
import io.tarn.spark.segment.IndexLocation;
import java.nio.file.Path;
import java.sql.Timestamp;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.RowFactory;
import org.apache.spark.sql.types.DataTypes;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class KnnJoinTest {
  private static final int QUERIES = 60;
  private static final int K = 10;
  private static final long SMALL_PARTS = 1 << 20;
  private static final long ONE_PART = 1L << 40;

  @TempDir static Path directory;
  private static Path index;
  private static List<Row> queryRows;

  @BeforeAll
  static void create() throws Exception {
    index = directory.resolve("index");
    SampleIndex.create(index);
    queryRows = VectorRows.clustered(QUERIES, SampleIndex.DIMENSION, 77);
    List<LiveSegment> segments =
        SettledRows.of(
            LocalSpark.session(), SampleIndex.location(index), IndexFiles.view(index).snapshot());
    // With one part only there would be nothing to bring together.
    assertThat(Parts.of(segments, 2, false).count()).isGreaterThan(1);
    assertThat(Parts.ofBytes(segments, SMALL_PARTS).count()).isGreaterThan(1);
    assertThat(Parts.of(segments, 2, true).count()).isEqualTo(1);
  }

  private static Dataset<Row> queries() {
    return VectorRows.table(queryRows).withColumnRenamed("id", "query").repartition(3);
  }

  private static Dataset<Row> join(String... options) {
    return join(queries(), K, options);
  }

  private static Dataset<Row> join(Dataset<Row> queries, int k, String... options) {
    Map<String, String> map = new HashMap<>();
    map.put("part-bytes", Long.toString(SMALL_PARTS));
    for (int i = 0; i < options.length; i += 2) {
      map.put(options[i], options[i + 1]);
    }
    return TarnIndex.of(LocalSpark.session(), index.toString()).knnJoin(queries, "vector", k, map);
  }

  /** For each query its neighbours as lists of distance, id and attributes, by rank. */
  private static Map<Long, List<List<Object>>> neighbours(Dataset<Row> joined) {
    Map<Long, List<List<Object>>> byQuery = new HashMap<>();
    for (Row row : joined.orderBy("query", "rank").collectAsList()) {
      List<List<Object>> of = byQuery.computeIfAbsent(row.getAs("query"), q -> new ArrayList<>());
      of.add(values(row));
      assertThat(row.<Integer>getAs("rank")).isEqualTo(of.size());
    }
    return byQuery;
  }

  private static List<Object> values(Row row) {
    List<Object> values = new ArrayList<>();
    values.add(row.getAs("distance"));
    Row neighbour = row.getAs("neighbour");
    for (int i = 0; i < neighbour.size(); i++) {
      values.add(neighbour.get(i));
    }
    return values;
  }

  private static Map<Long, List<List<Object>>> expected(Query asked) throws Exception {
    IndexView view = IndexFiles.view(index);
    Map<Long, List<List<Object>>> expected = new HashMap<>();
    for (Row row : queryRows) {
      Query query = Query.nearest(VectorRows.vector(row), asked.k()).probing(asked.probe(24));
      if (asked.filter().isPresent()) {
        query = query.where(asked.filter().get());
      }
      List<List<Object>> hits =
          view.search(query).hits().stream().map(KnnJoinTest::values).toList();
      if (!hits.isEmpty()) {
        expected.put(row.getLong(0), hits);
      }
    }
    return expected;
  }

  private static List<Object> values(Hit hit) {
    List<Object> values = new ArrayList<>();
    values.add(hit.distance());
    values.add(hit.id().toObject());
    hit.attributes()
        .values()
        .forEach(value -> values.add(value instanceof Instant i ? Timestamp.from(i) : value));
    return values;
  }

  private static Query exactly(int k) {
    return Query.nearest(new float[1], k).probing(Probe.exact());
  }

  @ParameterizedTest
  @ValueSource(longs = {SMALL_PARTS, ONE_PART})
  void anExactJoinIsWhatExactSearchFinds(long partBytes) throws Exception {
    Dataset<Row> joined = join("exact", "true", "part-bytes", Long.toString(partBytes));
    assertThat(joined.schema().simpleString())
        .isEqualTo(
            "struct<query:bigint,vector:array<float>,ts:bigint,rank:int,distance:float,"
                + "neighbour:struct<id:bigint,title:string,kind:string,year:bigint,price:double,"
                + "sold:boolean,made:timestamp>>");
    assertThat(neighbours(joined)).isEqualTo(expected(exactly(K)));
    Row first = joined.where("query = 5").first();
    assertThat(first.getList(1)).hasSize(SampleIndex.DIMENSION);
    assertThat(first.<Long>getAs("ts")).isEqualTo(5);
  }

  @ParameterizedTest
  @ValueSource(longs = {SMALL_PARTS, ONE_PART})
  void aJoinProbesTheListsThatASearchProbes(long partBytes) throws Exception {
    Map<Long, List<List<Object>>> found =
        neighbours(join("nprobe", "2", "part-bytes", Long.toString(partBytes)));
    Map<Long, List<List<Object>>> searched =
        expected(Query.nearest(new float[1], K).probing(Probe.nearest(2)));
    // Bounds of codes may err, and differently if lists come in another order.
    assertThat(sharedIds(found, searched)).isGreaterThan(0.98);
    assertThat(found.values()).allSatisfy(hits -> assertThat(hits).hasSize(K));
    assertThat(
            sharedIds(
                neighbours(join()),
                expected(Query.nearest(new float[1], K).probing(Probe.byDefault(24)))))
        .isGreaterThan(0.98);
  }

  private static double sharedIds(
      Map<Long, List<List<Object>>> some, Map<Long, List<List<Object>>> others) {
    long shared = 0;
    for (long query = 0; query < QUERIES; query++) {
      Set<Object> ids = new LinkedHashSet<>();
      some.get(query).forEach(hit -> ids.add(hit.get(1)));
      shared += others.get(query).stream().filter(hit -> ids.contains(hit.get(1))).count();
    }
    return (double) shared / (QUERIES * K);
  }

  @ParameterizedTest
  @ValueSource(longs = {SMALL_PARTS, ONE_PART})
  void neighboursFulfilTheFilterHoweverFewThereAre(long partBytes) throws Exception {
    String bytes = Long.toString(partBytes);
    Filter filter = Filter.and(Filter.equal("kind", "it's"), Filter.less("year", 1905));
    String text = "kind = 'it''s' and year < 1905";
    Map<Long, List<List<Object>>> exact = expected(exactly(K).where(filter));
    assertThat(exact.get(0L)).isNotEmpty();
    assertThat(neighbours(join("exact", "true", "filter", text, "part-bytes", bytes)))
        .isEqualTo(exact);
    // One list holds too few of them, so the others are looked at as well.
    assertThat(neighbours(join("nprobe", "1", "filter", text, "part-bytes", bytes)))
        .isEqualTo(exact);
    assertThat(join("filter", "kind = 'none'").count()).isZero();
  }

  @Test
  void nothingIsDoneBeforeAnAction() throws Exception {
    Path other = directory.resolve("other");
    SampleIndex.build(other, 200);
    Dataset<Row> joined =
        TarnIndex.of(LocalSpark.session(), other.toString())
            .knnJoin(queries(), "vector", 3, Map.of());
    assertThat(joined.where("rank = 1").queryExecution().executedPlan().toString()).isNotEmpty();
    IndexLocation location = SampleIndex.location(other);
    assertThat(SettledRows.ifKnown(location, IndexFiles.view(other).snapshot())).isEmpty();
    assertThat(joined.count()).isEqualTo(3 * QUERIES);
    assertThat(SettledRows.ifKnown(location, IndexFiles.view(other).snapshot())).isPresent();
    Dataset<Row> table = LocalSpark.session().read().format("tarn").load(other.toString());
    assertThat(table.select("id").count()).isEqualTo(200);
  }

  @Test
  void queriesInOnePartitionAreSpread() throws Exception {
    Dataset<Row> together = queries().coalesce(1);
    Map<Long, List<List<Object>>> exact = expected(exactly(K));
    assertThat(
            neighbours(join(together, K, "exact", "true", "part-bytes", Long.toString(ONE_PART))))
        .isEqualTo(exact);
    assertThat(join(queries().where("query < 0"), K).count()).isZero();
  }

  @ParameterizedTest
  @ValueSource(longs = {SMALL_PARTS, ONE_PART})
  void thereMayBeFewerNeighboursThanAskedFor(long partBytes) throws Exception {
    long live = IndexFiles.view(index).liveRowCount();
    Dataset<Row> one = queries().where("query = 3");
    assertThat(join(one, 100_000, "nprobe", "1", "part-bytes", Long.toString(partBytes)).count())
        .isEqualTo(live);
  }

  @Test
  void olderVersionsCanBeSearched() {
    Row last = join("version", "1", "exact", "true", "filter", "id = 3999").first();
    assertThat(last.<Row>getAs("neighbour").getLong(0)).isEqualTo(3999L);
    assertThat(join(queries().limit(1), 100_000, "version", "1", "exact", "true").count())
        .isEqualTo(SampleIndex.ROWS);
  }

  @Test
  void theJobWritesWhatTheJoinFinds() throws Exception {
    Path input = directory.resolve("queries");
    Path output = directory.resolve("neighbours");
    queries().write().parquet(input.toString());
    KnnJoinSettings settings =
        Settings.load(
            KnnJoinSettings.class,
            Optional.empty(),
            List.of(
                "index=" + index,
                "queries.path=" + input,
                "output=" + output,
                "k=4",
                "search.exact=true"));
    assertThat(KnnJoinJob.run(LocalSpark.session(), settings).neighbours()).isEqualTo(4 * QUERIES);
    assertThat(neighbours(LocalSpark.session().read().parquet(output.toString())))
        .isEqualTo(expected(exactly(4)));
    assertThatThrownBy(() -> KnnJoinJob.run(LocalSpark.session(), settings))
        .isInstanceOf(UnusableInputException.class)
        .hasMessageContaining("exists already");
  }

  @Test
  void aJobThatFailsLeavesNoOutputInTheWayOfTheNext() {
    Path input = directory.resolve("bad-queries");
    Path output = directory.resolve("no-neighbours");
    queries().limit(2).selectExpr("query", "array(1f) as vector").write().parquet(input.toString());
    KnnJoinSettings settings =
        Settings.load(
            KnnJoinSettings.class,
            Optional.empty(),
            List.of("index=" + index, "queries.path=" + input, "output=" + output));
    assertThatThrownBy(() -> KnnJoinJob.run(LocalSpark.session(), settings))
        .isInstanceOf(UnusableInputException.class)
        .hasMessageMatching("the query with query = \\d+ cannot be used: the vector has 1 value.*");
    assertThat(output).doesNotExist();
  }

  @Test
  void aBadQueryIsToldByItsTextsAndNumbers() {
    String long41 = "x".repeat(41);
    assertNamed(
        "2.5 as price, cast(null as int) as id, '" + long41 + "' as name, 7L as n, 8 as m, 9 as o",
        "the query with name = " + "x".repeat(40) + "…, n = 7, m = 8 cannot be used: ");
    assertNamed("2.5 as price", "a query cannot be used: ");
  }

  private static void assertNamed(String columns, String message) {
    for (String vector : List.of("array(1f, 2f)", "'[1, 2]'")) {
      Dataset<Row> query =
          LocalSpark.session().sql("select " + columns + ", " + vector + " as vector");
      assertThatThrownBy(() -> join(query, 1).collectAsList())
          .hasStackTraceContaining(message + "the vector has 2 values, the index has 96");
    }
  }

  @Test
  void vectorsMayBeText() throws Exception {
    Dataset<Row> texts = queries().selectExpr("query", "cast(vector as string) as vector");
    assertThat(texts.schema().apply("vector").dataType()).isEqualTo(DataTypes.StringType);
    assertThat(neighbours(join(texts, 3, "exact", "true"))).isEqualTo(expected(exactly(3)));
    assertFails("'[1, x]'", "cannot be used: value 1 of the vector is 'x', which is no number");
    assertFails("cast(null as string)", "cannot be used: the vector is missing");
  }

  @Test
  void twoColumnsOfOneNameAreRefused() {
    String other = directory.resolve("distances").toString();
    LocalSpark.session()
        .range(1, 9)
        .selectExpr("id", "array(cast(id as float), 1f) as vector", "id / 2 as Distance")
        .write()
        .format("tarn")
        .save(other);
    TarnIndex distances = TarnIndex.of(LocalSpark.session(), other);
    assertThatThrownBy(() -> distances.search(new float[] {3, 1}, 2, Map.of()))
        .isInstanceOf(UnusableInputException.class)
        .hasMessageContaining(
            "the index has an attribute 'Distance', which is the name of a column");
    Dataset<Row> query =
        LocalSpark.session().range(1).selectExpr("id as query", "array(3f, 1f) as vector");
    assertThat(
            distances
                .knnJoin(query, "vector", 1, Map.of())
                .selectExpr("distance", "neighbour.Distance")
                .collectAsList())
        .containsExactly(RowFactory.create(0f, 1.5));
  }

  @Test
  void mistakesAreNamed() {
    assertRefused(() -> join("nprob", "3"), "unknown key 'nprob' in the options; did you mean");
    assertRefused(() -> join("nprobe", "0"), "nprobe 0 is less than 1");
    assertRefused(() -> join("part-bytes", "0"), "part-bytes 0 is less than 1");
    assertRefused(() -> join("nprobe", "3", "exact", "true"), "give at most one");
    assertRefused(() -> join("recall", "0.9"), "the index has not been calibrated");
    assertRefused(() -> join("filter", "colour = 1"), "there is no attribute 'colour'");
    assertRefused(() -> join("version", "7"), "has no version 7");
    assertRefused(() -> join(queries(), 0), "k 0 is less than 1");
    assertRefused(
        () -> join(queries().drop("vector"), 1),
        "the queries have no column 'vector'; their columns are query, ts");
    assertRefused(
        () -> join(queries().selectExpr("query", "ts as vector"), 1),
        "has the type bigint; it must be an array of numbers, or text such as [0.5, 2]");
    assertRefused(() -> join(queries().withColumnRenamed("ts", "Rank"), 1), "column 'Rank'");
    assertThatThrownBy(
            () ->
                TarnIndex.of(LocalSpark.session(), "/no/index")
                    .knnJoin(queries(), "vector", 1, Map.of()))
        .hasMessageContaining("/no/index is no Tarn index");
    assertFails("array(1, 2)", "cannot be used: the vector has 2 values, the index has 96");
    assertFails("cast(null as array<float>)", "the vector is missing");
    assertFails("transform(vector, x -> if(x > 5, null, x))", "of its vector is null");
    assertFails("transform(vector, x -> x / 0f)", "cannot be used");
  }

  private static void assertRefused(Runnable join, String message) {
    assertThatThrownBy(join::run)
        .isInstanceOf(UnusableInputException.class)
        .hasMessageContaining(message);
  }

  private static void assertFails(String vector, String message) {
    LocalSpark.session().conf().set("spark.sql.ansi.enabled", false);
    try {
      Dataset<Row> bad = queries().limit(5).selectExpr("query", vector + " as vector");
      assertThatThrownBy(() -> join(bad, 1).collectAsList()).hasStackTraceContaining(message);
    } finally {
      LocalSpark.session().conf().unset("spark.sql.ansi.enabled");
    }
  }
}
