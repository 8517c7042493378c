package io.tarn.spark;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.tarn.index.feature.Feature;
import io.tarn.index.feature.Metric;
import io.tarn.index.search.IndexView;
import io.tarn.index.snapshot.Snapshot;
import io.tarn.index.storage.LocalStorage;
import io.tarn.index.verify.IndexVerifier;
import io.tarn.spark.input.UnusableInputException;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.apache.spark.TaskContext;
import org.apache.spark.api.java.function.MapFunction;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Encoders;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.RowFactory;
import org.apache.spark.sql.SparkSession;
import org.apache.spark.sql.types.DataTypes;
import org.apache.spark.sql.types.StructType;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class DataSourceWriteTest {
  private static final StructType TYPE =
      new StructType()
          .add("id", DataTypes.LongType)
          .add("vector", DataTypes.createArrayType(DataTypes.FloatType))
          .add("order", DataTypes.LongType)
          .add("kind", DataTypes.StringType)
          .add("price", DataTypes.DoubleType);

  @TempDir Path directory;

  private Path index() {
    return directory.resolve("index");
  }

  private static Row row(long id, float x, long order, String kind, Double price) {
    return RowFactory.create(id, new float[] {x, 1}, order, kind, price);
  }

  private static Dataset<Row> table(Row... rows) {
    return LocalSpark.session().createDataFrame(List.of(rows), TYPE);
  }

  private static final Row[] THREE = {
    row(1, 1, 10, "noun", 0.5), row(2, 2, 1L << 50, "verb", null), row(3, 3, 10, "noun", 2.5)
  };

  private void write(Dataset<Row> table, String mode) {
    table.write().format("tarn").mode(mode).save(index().toString());
  }

  private Snapshot newest() throws Exception {
    return IndexFiles.view(index()).snapshot();
  }

  @Test
  void writingBuildsWithTheSettingsOfTheJob() throws Exception {
    table(THREE)
        .write()
        .format("tarn")
        .option("metric", "cosine")
        .option("nlist", 2)
        .option("quantizer", "none")
        .mode("overwrite")
        .save(index().toString());
    IndexView view = IndexFiles.view(index());
    assertThat(view.snapshot().operation()).isEqualTo("build");
    assertThat(view.snapshot().schema().metric()).isEqualTo(Metric.COSINE);
    assertThat(view.snapshot().model().lists()).isEqualTo(2);
    assertThat(view.snapshot().model().quantizer()).isEqualTo("none");
    assertThat(view.snapshot().schema().describeAttributes())
        .isEqualTo("kind string, price double");
    assertThat(IndexFiles.live(index()).get(2L).order()).isEqualTo(1L << 50);
  }

  @Test
  void whatWasReadCanBeWritten() throws Exception {
    Path from = directory.resolve("from");
    SampleIndex.build(from, 300);
    LocalSpark.session()
        .read()
        .format("tarn")
        .load(from.toString())
        .write()
        .format("tarn")
        .option("nlist", 4)
        .save(index().toString());
    Map<Object, Feature> copied = IndexFiles.live(index());
    Map<Object, Feature> original = IndexFiles.live(from);
    assertThat(copied.keySet()).isEqualTo(original.keySet());
    original.forEach(
        (id, feature) -> {
          assertThat(copied.get(id).vector()).containsExactly(feature.vector());
          assertThat(copied.get(id).attributes()).containsExactly(feature.attributes());
          assertThat(copied.get(id).order()).isEqualTo(feature.order());
        });
    assertThat(IndexFiles.view(index()).snapshot().schema())
        .isEqualTo(IndexFiles.view(from).snapshot().schema());
  }

  @Test
  void appendingUpsertsThoughTasksFail() throws Exception {
    write(table(THREE), "errorifexists");
    Dataset<Row> changes =
        table(row(1, 7, 11, "verb", 1.0), row(3, 8, 9, "late", 1.0), row(4, 9, 1, "new", null))
            .repartition(3)
            .map(failingAtFirst(), Encoders.row(TYPE));
    write(changes, "append");
    Map<Object, Feature> live = IndexFiles.live(index());
    assertThat(live).containsOnlyKeys(1L, 2L, 3L, 4L);
    assertThat(live.get(1L).vector()).containsExactly(7, 1);
    assertThat(live.get(1L).attributes()).containsExactly("verb", 1.0);
    assertThat(live.get(3L).vector()).containsExactly(3, 1);
    // Six rows in two commits: none was written twice.
    assertThat(newest().segments().stream().mapToLong(s -> s.rows()).sum()).isEqualTo(6);
    assertThat(newest().version()).isEqualTo(2);
    Dataset<Row> ids = table(row(2, 0, 0, null, null)).select("id");
    ids.write().format("tarn").option("delete", true).mode("append").save(index().toString());
    // The order of id 2 lies in the far future; a delete of now is older.
    assertThat(IndexFiles.live(index())).containsKey(2L);
    try (LocalStorage storage = new LocalStorage(index())) {
      assertThat(IndexVerifier.verify(storage).problems()).isEmpty();
    }
  }

  private static MapFunction<Row, Row> failingAtFirst() {
    return row -> {
      if (TaskContext.get().attemptNumber() == 0) {
        throw new IllegalStateException("injected");
      }
      return row;
    };
  }

  @Test
  void modesRespectWhatIsThere() throws Exception {
    assertThatThrownBy(() -> write(table(THREE), "append"))
        .isInstanceOf(UnusableInputException.class)
        .hasMessageContaining("is no Tarn index");
    write(table(THREE), "ignore");
    write(table(THREE[0]), "ignore");
    assertThatThrownBy(() -> write(table(THREE[0]), "errorifexists"))
        .isInstanceOf(UnusableInputException.class)
        .hasMessageContaining("holds an index already");
    assertThat(newest().version()).isEqualTo(1);
    assertThat(IndexFiles.live(index())).hasSize(3);
  }

  @Test
  void mistakesSayWhatIsThere() throws Exception {
    write(table(THREE), "overwrite");
    assertRefused(
        table(THREE).withColumnRenamed("vector", "embedding"),
        "the input has no column 'vector' (vector-column); its columns are id, embedding, order,"
            + " kind, price");
    assertRefused(
        table(THREE).withColumnRenamed("kind", "sort"),
        "the index has no attribute 'sort'; it has kind string, price double");
    assertRefused(
        table(THREE).selectExpr("id", "vector", "order", "1 as kind"),
        "column 'kind' (attribute) has the type int; it must be the attribute's type in the index,"
            + " string");
    assertRefused(
        table(THREE).selectExpr("id", "price as vector"),
        "column 'vector' (vector-column) has the type double; it must be an array of numbers");
    assertRefused(
        table(THREE).selectExpr("id", "array(1, 2, 3) as vector"),
        "3 cannot be used {WRONG_DIMENSION=3}");
    assertRefusedOption("nlist", "3", "unknown key 'nlist' in the options");
    assertRefusedOption("segment-byte", "3", "did you mean 'segment-bytes'?");
    assertRefusedOption("segment-bytes", "big", "key 'segment-bytes' in the options must be");
    assertRefusedOption("input.path", "/x", "'input.path' is no option");
    assertThatThrownBy(
            () -> table(THREE).write().format("tarn").partitionBy("kind").mode("append").save("x"))
        .isInstanceOf(UnusableInputException.class)
        .hasMessageContaining("leave out partitionBy");
    assertThat(newest().version()).isEqualTo(1);
  }

  private void assertRefused(Dataset<Row> table, String message) {
    assertThatThrownBy(() -> write(table, "append"))
        .isInstanceOf(UnusableInputException.class)
        .hasMessageContaining(message);
  }

  private void assertRefusedOption(String key, String value, String message) {
    assertThatThrownBy(
            () ->
                table(THREE)
                    .write()
                    .format("tarn")
                    .option(key, value)
                    .mode("append")
                    .save(index().toString()))
        .isInstanceOf(UnusableInputException.class)
        .hasMessageContaining(message);
  }

  private SparkSession sessionWithCatalog() {
    SparkSession session = LocalSpark.session().newSession();
    session.conf().set("spark.sql.catalog.tarn", "io.tarn.spark.source.TarnCatalog");
    session.conf().set("spark.sql.catalog.tarn.warehouse", directory.toString());
    return session;
  }

  private static List<Long> ids(Dataset<Row> rows) {
    return rows.select("id").orderBy("id").as(Encoders.LONG()).collectAsList();
  }

  @Test
  void sqlNamesIndexes() throws Exception {
    SparkSession session = sessionWithCatalog();
    session.createDataFrame(List.of(THREE), TYPE).createOrReplaceTempView("three");
    session.sql(
        "create table tarn.words tblproperties ('nlist' = '2', 'metric' = 'cosine')"
            + " as select * from three");
    Path words = directory.resolve("words");
    assertThat(IndexFiles.view(words).snapshot().schema().metric()).isEqualTo(Metric.COSINE);
    assertThat(session.sql("show tables in tarn").select("tableName").as(Encoders.STRING()).first())
        .isEqualTo("words");
    session.sql("insert into tarn.words select 4 as id, array(4, 1) as vector, 'x' as kind");
    assertThat(ids(session.table("tarn.words"))).containsExactly(1L, 2L, 3L, 4L);
    assertThat(ids(session.sql("select * from tarn.words version as of 1")))
        .containsExactly(1L, 2L, 3L);
    assertThat(ids(session.read().option("version", 1).table("tarn.words")))
        .containsExactly(1L, 2L, 3L);
    assertThat(ids(session.sql("select id from tarn.`" + words + "` where kind = 'noun'")))
        .containsExactly(1L, 3L);
    assertThat(ids(session.sql("select * from tarn.words timestamp as of '2100-01-01 00:00:00'")))
        .hasSize(4);
    session.conf().set("spark.sql.catalog.lake", "io.tarn.spark.source.TarnCatalog");
    assertThatThrownBy(() -> session.table("lake.`/no/index`"))
        .hasMessageContaining("TABLE_OR_VIEW_NOT_FOUND");
    assertThatThrownBy(() -> session.sql("insert into tarn.nouns select * from three"))
        .hasMessageContaining("TABLE_OR_VIEW_NOT_FOUND");
    assertThat(session.catalog().tableExists("tarn.nouns")).isFalse();
    session.table("tarn.words").write().mode("append").saveAsTable("tarn.words");
    session.table("three").write().saveAsTable("tarn.nouns");
    assertThat(session.catalog().tableExists("tarn.nouns")).isTrue();
    assertThatThrownBy(() -> session.sql("create table tarn.words as select * from three"))
        .hasMessageContaining("TABLE_OR_VIEW_ALREADY_EXISTS");
    assertThatThrownBy(() -> session.sql("create table tarn.empty (id bigint)"))
        .hasMessageContaining("an index is built of rows");
    assertThatThrownBy(() -> session.sql("drop table tarn.words"))
        .hasMessageContaining("remove its directory");
    assertThat(IndexFiles.live(words)).hasSize(4);
  }

  @Test
  void rowsAreDeletedByCondition() throws Exception {
    SparkSession session = sessionWithCatalog();
    write(table(THREE), "overwrite");
    session.sql("delete from tarn.index where kind = 'verb' or price > 2");
    // Though the order of id 2 lies in the far future.
    assertThat(IndexFiles.live(index())).containsOnlyKeys(1L);
    assertThat(newest().version()).isEqualTo(2);
    assertThat(newest().operation()).isEqualTo("append");
    session.sql("delete from tarn.index where kind = 'adverb'");
    session.sql("delete from tarn.index where kind = null");
    session.sql("delete from tarn.index where 1 = 0 and price > 0");
    assertThat(newest().version()).isEqualTo(2);
    assertThatThrownBy(() -> session.sql("delete from tarn.index where upper(kind) = 'NOUN'"))
        .hasMessageContaining("Cannot delete from");
    // A newer version of a deleted row comes to life, an older one does not.
    write(table(row(3, 3, 11, "noun", 2.5), row(2, 3, 11, "noun", 2.5)), "append");
    assertThat(IndexFiles.live(index())).containsOnlyKeys(1L, 3L);
    session.sql("delete from tarn.index");
    assertThat(IndexFiles.live(index())).isEmpty();
    assertThat(session.table("tarn.index").count()).isZero();
  }
}
