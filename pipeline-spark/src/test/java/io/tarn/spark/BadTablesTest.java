package io.tarn.spark;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.tarn.index.feature.Feature;
import io.tarn.settings.Settings;
import io.tarn.spark.search.TarnIndex;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Encoders;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SparkSession;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** Tables, options and settings that cannot be used: what is said of them, and that nothing is. */
class BadTablesTest {
  private static final String GOOD = "7L as id, array(1f, 2f) as vector, 'a' as kind";

  @TempDir static Path directory;
  private static SparkSession spark;

  @BeforeAll
  static void build() throws Exception {
    spark = LocalSpark.session().newSession();
    spark.conf().set("spark.sql.catalog.tarn", "io.tarn.spark.source.TarnCatalog");
    spark.conf().set("spark.sql.catalog.tarn.warehouse", directory.toString());
    // Plain casts, so that there are infinities to be refused by the index.
    spark.conf().set("spark.sql.ansi.enabled", "false");
    select("id, array(id + 1, 1) as vector, 'old' as kind from range(20)")
        .write()
        .format("tarn")
        .option("metric", "cosine")
        .save(index().toString());
    Files.createDirectories(directory.resolve("folder"));
    Files.writeString(directory.resolve("folder/data.csv"), "id,vector\n1,\"[1, 2]\"\n");
    Files.writeString(directory.resolve("empty.json"), "");
    Files.writeString(directory.resolve("text.json"), "this is no JSON\n");
  }

  private static Path index() {
    return directory.resolve("index");
  }

  private static Dataset<Row> select(String what) {
    return spark.sql("select " + what);
  }

  /** Something to be tried. */
  private interface Attempt {
    void run() throws Exception;
  }

  private static Arguments refused(String name, Attempt attempt, String message) {
    return Arguments.of(name, attempt, message);
  }

  private static Arguments append(String name, String table, String message, String... options) {
    return refused(
        "append " + name, () -> write(select(table), "append", index(), options), message);
  }

  private static void write(Dataset<Row> table, String mode, Path to, String... options) {
    table.write().format("tarn").options(map(options)).mode(mode).save(to.toString());
  }

  private static Map<String, String> map(String... pairs) {
    Map<String, String> map = new java.util.HashMap<>();
    for (int i = 0; i < pairs.length; i += 2) {
      map.put(pairs[i], pairs[i + 1]);
    }
    return map;
  }

  static Stream<Arguments> tables() {
    return Stream.of(
        append(
            "without ids",
            "array(1, 2) as vector",
            "the input has no column 'id' (id-column); its columns are vector"),
        append(
            "ids of another name",
            "1 as key, array(1, 2) as vector",
            "its columns are key, vector"),
        append(
            "ids that are no ids",
            "1.5d as id, array(1, 2) as vector",
            "column 'id' (id-column) has the type double; it must be text or a whole number"),
        append("ids that are no numbers", "'x' as id, array(1, 2) as vector", "{UNPARSABLE=1}"),
        append("null ids", "cast(null as bigint) as id, array(1, 2) as vector", "{MISSING_ID=1}"),
        append(
            "without vectors",
            "1 as id, 'x' as kind",
            "no column 'vector' (vector-column); its columns are id, kind"),
        append(
            "numbers for vectors",
            "1 as id, 2.5d as vector",
            "column 'vector' (vector-column) has the type double; it must be an array of numbers, or text such as [0.5, 2]"),
        append(
            "vectors of texts", "1 as id, array('a', 'b') as vector", "has the type array<string>"),
        append(
            "null vectors", "1 as id, cast(null as array<float>) as vector", "{MISSING_VECTOR=1}"),
        append("nulls in vectors", "1 as id, array(1f, null) as vector", "{NOT_FINITE=1}"),
        append("NaN", "1 as id, array(1f, float('NaN')) as vector", "{NOT_FINITE=1}"),
        append("infinity", "1 as id, array(1f, float('-Infinity')) as vector", "{NOT_FINITE=1}"),
        append(
            "doubles too large for floats",
            "1 as id, array(1d, 1e300d) as vector",
            "{NOT_FINITE=1}"),
        append("zero vectors", "1 as id, array(0, 0) as vector", "{ZERO_VECTOR=1}"),
        append(
            "empty vectors",
            "1 as id, cast(array() as array<float>) as vector",
            "{WRONG_DIMENSION=1}"),
        append(
            "another dimension",
            "1 as id, array(1, 2, 3) as vector",
            "{WRONG_DIMENSION=1}, more than max-rejected-share 0.5 allows (dimension 2, metric cosine); set rejects to a path to see which, and why"),
        append("text that is no vector", "1 as id, '[1; 2]' as vector", "{UNPARSABLE=1}"),
        append(
            "rows that are too large",
            "1 as id, array(1, 2) as vector, repeat('x', 93) as kind",
            "{OVERSIZED=1}",
            "input.max-row-bytes",
            "100"),
        append(
            "more bad rows than are put up with",
            "id, array(id - 1, 0) as vector from range(1, 3)",
            "of the 2 rows of the table 1 cannot be used",
            "max-rejected-share",
            "0.4"),
        append(
            "attributes of another type",
            "1 as id, array(1, 2) as vector, 5 as kind",
            "column 'kind' (attribute) has the type int; it must be the attribute's type in the index, string"),
        append(
            "attributes the index lacks",
            "1 as id, array(1, 2) as vector, 5 as size",
            "the index has no attribute 'size'; it has kind string. Set add-attributes to true to add it"),
        append(
            "attributes that are no attributes",
            "1 as id, array(1, 2) as vector, array(1) as tags",
            "column 'tags' (attributes) has the type array<int>; it must be text, a whole number",
            "add-attributes",
            "true"),
        append(
            "reserved names",
            "1 as id, array(1, 2) as vector, 1 as code_offset",
            "attribute name 'code_offset' is reserved by the format: rename the column",
            "add-attributes",
            "true"),
        append(
            "an op that is none",
            "1 as id, array(1, 2) as vector, 'remove' as op",
            "{UNPARSABLE=1}",
            "op-column",
            "op"),
        append(
            "an order that is none",
            "1 as id, array(1, 2) as vector, 'soon' as at",
            "column 'at' (order-column) has the type string; it must be a whole number, a date or a timestamp",
            "input.order-column",
            "at"),
        append(
            "null orders",
            "1 as id, array(1, 2) as vector, cast(null as bigint) as at",
            "{UNPARSABLE=1}",
            "input.order-column",
            "at"),
        append(
            "texts without an embedder",
            "1 as id, 'words' as text",
            "has no embedder: append vectors",
            "input.text-column",
            "text"),
        append(
            "another metric",
            GOOD,
            "the index at "
                + index()
                + " has metric cosine, and metric is l2: it is settled when an index is built",
            "metric",
            "l2"),
        append(
            "a typing error",
            GOOD,
            "unknown key 'max-reject-share' in the options; did you mean 'max-rejected-share'?",
            "max-reject-share",
            "1"),
        append(
            "a share that is none",
            GOOD,
            "max-rejected-share 1.5 is not between 0 and 1",
            "max-rejected-share",
            "1.5"),
        append(
            "rejects that exist",
            GOOD,
            "the rejects table " + directory.resolve("folder") + " exists already",
            "rejects",
            directory.resolve("folder").toString()),
        refused(
            "append where there is nothing",
            () -> write(select(GOOD), "append", directory.resolve("none")),
            "none is no Tarn index: it has no snapshot in versions/"),
        refused(
            "append where there is something else",
            () -> write(select(GOOD), "append", directory.resolve("folder")),
            "folder is no Tarn index"),
        refused(
            "append where there is a file",
            () -> write(select(GOOD), "append", directory.resolve("text.json")),
            "text.json"),
        refused(
            "build of an unknown metric",
            () -> write(select(GOOD), "error", directory.resolve("none"), "metric", "l3"),
            "l3"),
        refused(
            "build of no rows",
            () -> write(select(GOOD).where("id < 0"), "error", directory.resolve("none")),
            "the table is empty: it has no rows"),
        refused(
            "build of bad rows",
            () ->
                write(
                    select("1 as id, cast(null as array<float>) as vector"),
                    "error",
                    directory.resolve("none")),
            "no row of the table has a vector in column 'vector'"),
        refused(
            "build of no lists",
            () -> write(select(GOOD), "error", directory.resolve("none"), "nlist", "0"),
            "nlist 0 is less than 1"),
        refused(
            "build with an unknown quantizer",
            () -> write(select(GOOD), "error", directory.resolve("none"), "quantizer", "pq"),
            "quantizer: "),
        refused(
            "sql without a vector",
            () -> spark.sql("insert into tarn.index select 3 as id"),
            "the input has no column 'vector'"));
  }

  static Stream<Arguments> reads() {
    return Stream.of(
        refused(
            "read nothing",
            () -> load(directory.resolve("none")),
            "none is no Tarn index: it has no snapshot in versions/. Check the path, or build an index there first"),
        refused(
            "read something else",
            () -> load(directory.resolve("folder")),
            "folder is no Tarn index"),
        refused("read nowhere", () -> spark.read().format("tarn").load(), "say where the index is"),
        refused(
            "read two",
            () -> spark.read().format("tarn").load("a", "b"),
            "several paths are given"),
        refused(
            "no such version",
            () -> load(index(), "version", "99"),
            "has no version 99; its newest is 1"),
        refused("version 0", () -> load(index(), "version", "0"), "has no version 0"),
        refused("negative version", () -> load(index(), "version", "-1"), "has no version -1"),
        refused(
            "no number",
            () -> load(index(), "version", "one"),
            "the option version is 'one', which is no whole number"),
        refused(
            "no time",
            () -> load(index(), "timestamp", "yesterday noon"),
            "which is no time such as"),
        refused(
            "too early",
            () -> load(index(), "timestamp", "2001-01-01"),
            "did not exist at 2001-01-01"),
        refused(
            "both",
            () -> load(index(), "timestamp", "2001-01-01", "version", "1"),
            "give the one or the other"),
        refused(
            "typing error",
            () -> load(index(), "versoin", "1"),
            "unknown option 'versoin': an index is read with version or timestamp"),
        refused(
            "other schema",
            () -> spark.read().format("tarn").schema("id bigint").load(index().toString()),
            "an index knows its own schema, leave it out"),
        refused("unknown column", () -> load(index()).select("price"), "UNRESOLVED_COLUMN"),
        refused(
            "delete by what the index cannot see",
            () -> spark.sql("delete from tarn.index where vector[0] > 1"),
            "Cannot delete from"),
        refused(
            "change what is past",
            () -> spark.sql("delete from tarn.index version as of 1"),
            "PARSE_SYNTAX_ERROR"));
  }

  private static Dataset<Row> load(Path from, String... options) {
    Dataset<Row> rows = spark.read().format("tarn").options(map(options)).load(from.toString());
    rows.count();
    return rows;
  }

  static Stream<Arguments> searches() {
    return Stream.of(
        refused("negative k", () -> join("vector", -1), "k -1 is less than 1"),
        refused(
            "negative nprobe", () -> join("vector", 1, "nprobe", "-3"), "nprobe -3 is less than 1"),
        refused("recall above all", () -> join("vector", 1, "recall", "1.5"), "1.5"),
        refused(
            "no such attribute",
            () -> join("vector", 1, "filter", "price < 3"),
            "there is no attribute 'price'"),
        refused("no filter", () -> join("vector", 1, "filter", "kind ="), "kind ="),
        refused(
            "no such version",
            () -> join("vector", 1, "version", "8"),
            "has no version 8; its newest is 1"),
        refused(
            "no such column",
            () -> join("vektor", 1),
            "the queries have no column 'vektor'; their columns are id, vector, kind"),
        refused(
            "no vectors",
            () -> join("id", 1),
            "column 'id' of the queries has the type bigint; it must be an array of numbers"),
        refused(
            "typing error",
            () -> join("vector", 1, "n-probe", "2"),
            "unknown key 'n-probe' in the options; did you mean 'nprobe'?"),
        refused(
            "another dimension",
            () ->
                TarnIndex.of(spark, index().toString())
                    .search(new float[] {1}, 2, Map.of())
                    .collectAsList(),
            "the vector has 1 value"),
        refused(
            "zero under cosine",
            () ->
                TarnIndex.of(spark, index().toString())
                    .search(new float[2], 2, Map.of())
                    .collectAsList(),
            "a query cannot be used"),
        refused(
            "nowhere",
            () -> TarnIndex.of(spark, directory + "/none").search(new float[2], 2, Map.of()),
            "none is no Tarn index"),
        refused(
            "sql, negative k",
            () -> spark.sql("select * from vector_search('tarn.index', array(1, 2), -4)"),
            "vector_search: k cannot be -4"),
        refused(
            "sql, k from a row",
            () -> spark.sql("select * from vector_search('tarn.index', array(1, 2), 'x')"),
            "k must be a whole number"),
        refused(
            "sql, no index",
            () -> spark.sql("select * from vector_search('tarn.none', array(1, 2), 4)"),
            "none is no Tarn index"));
  }

  private static void join(String column, int k, String... options) {
    TarnIndex.of(spark, index().toString()).knnJoin(select(GOOD), column, k, map(options)).count();
  }

  static Stream<Arguments> jobs() {
    String index = "index=" + index();
    String none = "index=" + directory.resolve("none");
    return Stream.of(
        refused(
            "build, typing error",
            () -> runBuild(none, "input.path=x", "metrik=l2"),
            "unknown key 'metrik'"),
        refused(
            "build without input",
            () -> runBuild(none, "input.path=" + directory + "/nothing"),
            "nothing does not exist"),
        refused(
            "build of an empty file",
            () -> runBuild(none, "input.format=json", "input.path=" + directory + "/empty.json"),
            "empty.json is empty: it has no rows"),
        refused(
            "build of what is no JSON",
            () -> runBuild(none, "input.format=json", "input.path=" + directory + "/text.json"),
            "can be read as json"),
        refused(
            "build of what is no Parquet",
            () -> runBuild(none, "input.path=" + directory + "/text.json"),
            "cannot be read as parquet"),
        refused(
            "build over an index",
            () -> runBuild(index, "input.format=csv", "input.path=" + directory + "/folder"),
            "holds an index already"),
        refused(
            "overwrite of another metric",
            () ->
                runBuild(
                    index,
                    "input.format=csv",
                    "input.path=" + directory + "/folder",
                    "overwrite=true"),
            "has metric cosine, and metric is l2"),
        refused(
            "keep-positions alone",
            () -> runBuild(index, "input.path=x", "keep-positions=true"),
            "keep-positions is given without overwrite"),
        refused(
            "append to nothing", () -> runAppend(none, "input.path=x"), "none is no Tarn index"),
        refused(
            "append of a missing column",
            () ->
                runAppend(
                    index,
                    "input.format=csv",
                    "input.path=" + directory + "/folder",
                    "input.vector-column=v"),
            "the input has no column 'v' (vector-column); its columns are id, vector"),
        refused(
            "deletes with attributes",
            () -> runAppend(index, "input.path=x", "delete=true", "add-attributes=true"),
            "deletes have no attributes"));
  }

  private static void runBuild(String... settings) throws Exception {
    BuildJob.run(spark, Settings.load(BuildSettings.class, Optional.empty(), List.of(settings)));
  }

  private static void runAppend(String... settings) throws Exception {
    AppendJob.run(spark, Settings.load(AppendSettings.class, Optional.empty(), List.of(settings)));
  }

  @ParameterizedTest(name = "{0}")
  @MethodSource({"tables", "reads", "searches", "jobs"})
  void theMessageSaysWhatIsThere(String name, Attempt attempt, String message) throws Exception {
    assertThatThrownBy(attempt::run).hasStackTraceContaining(message);
    assertThat(IndexFiles.view(index()).snapshot().version()).isEqualTo(1);
    assertThat(directory.resolve("none/versions")).doesNotExist();
  }

  @Test
  void badRowsAreSetAsideAndGoodOnesGoOn() throws Exception {
    Path mixed = directory.resolve("mixed");
    Path rejects = directory.resolve("rejects");
    List<String> rows = new ArrayList<>();
    rows.add("select 1L as id, array(1f, 2f) as vector");
    rows.add("select 2L, array(1f, 2f, 3f)");
    rows.add("select 3L, null");
    rows.add("select null, array(1f, 2f)");
    rows.add("select 4L, array(float('NaN'), 2f)");
    rows.add("select 5L, array(0f, 0f)");
    rows.add("select 6L, array(5f, 5f)");
    // Of rows with one id the last one counts.
    rows.add("select 1L, array(9f, 1f)");
    Dataset<Row> table = spark.sql(String.join(" union all ", rows)).coalesce(1);
    write(
        table,
        "error",
        mixed,
        "metric",
        "cosine",
        "max-rejected-share",
        "0.7",
        "rejects",
        rejects.toString());
    Map<Object, Feature> live = IndexFiles.live(mixed);
    assertThat(live).containsOnlyKeys(1L, 6L);
    assertThat(live.get(1L).vector()[0]).isGreaterThan(0.9f);
    assertThat(
            spark
                .read()
                .parquet(rejects.toString())
                .select("reason")
                .as(Encoders.STRING())
                .collectAsList())
        .containsExactlyInAnyOrder(
            "WRONG_DIMENSION", "MISSING_VECTOR", "MISSING_ID", "NOT_FINITE", "ZERO_VECTOR");
    // A table without rows is no mistake where there is an index.
    write(table.where("id = 77"), "append", mixed);
    assertThat(IndexFiles.view(mixed).snapshot().version()).isEqualTo(1);
  }
}
