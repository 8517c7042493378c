package io.tarn.spark;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.tarn.index.commit.Committer;
import io.tarn.index.commit.SnapshotLog;
import io.tarn.index.feature.Feature;
import io.tarn.index.format.ModelFile;
import io.tarn.index.search.IndexReader;
import io.tarn.index.search.IndexView;
import io.tarn.index.search.Probe;
import io.tarn.index.snapshot.Change;
import io.tarn.index.snapshot.OffsetRange;
import io.tarn.index.snapshot.Snapshot;
import io.tarn.index.snapshot.SourceAdvance;
import io.tarn.index.snapshot.WriterRuns;
import io.tarn.index.storage.LocalStorage;
import io.tarn.index.verify.IndexVerifier;
import io.tarn.index.write.ModelReassigner;
import io.tarn.spark.input.UnusableInputException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.apache.spark.sql.AnalysisException;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Encoders;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.RowFactory;
import org.apache.spark.sql.SparkSession;
import org.apache.spark.sql.types.DataTypes;
import org.apache.spark.sql.types.StructType;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Other rows in the place of all rows of an index, and attributes that come into its schema. */
class OverwriteTest {
  private static final StructType TYPE =
      new StructType()
          .add("id", DataTypes.LongType)
          .add("vector", DataTypes.createArrayType(DataTypes.FloatType))
          .add("order", DataTypes.LongType)
          .add("kind", DataTypes.StringType);

  @TempDir Path directory;
  private SparkSession session;

  @BeforeEach
  void open() {
    session = LocalSpark.session().newSession();
    session.conf().set("spark.sql.catalog.tarn", "io.tarn.spark.source.TarnCatalog");
    session.conf().set("spark.sql.catalog.tarn.warehouse", directory.toString());
    rows(0, 40, 1L << 50, "old")
        .write()
        .format("tarn")
        .option("metric", "cosine")
        .option("quantizer", "int8")
        .option("nlist", 4)
        .save(index().toString());
    rows(5, 3, (1L << 50) + 1, "appended").write().format("tarn").mode("append").save(path());
  }

  /** Whatever was done, the index is sound, all its versions. */
  @AfterEach
  void verify() throws Exception {
    try (LocalStorage storage = new LocalStorage(index())) {
      assertThat(IndexVerifier.verify(storage).problems()).isEmpty();
    }
  }

  private Path index() {
    return directory.resolve("index");
  }

  private String path() {
    return index().toString();
  }

  private Dataset<Row> rows(int from, int count, long order, String kind) {
    List<Row> rows = new ArrayList<>();
    for (long id = from; id < from + count; id++) {
      rows.add(RowFactory.create(id, new float[] {id + 1, 1, kind.length()}, order, kind));
    }
    return session.createDataFrame(rows, TYPE);
  }

  private Snapshot newest() throws Exception {
    return IndexFiles.view(index()).snapshot();
  }

  private Map<Long, List<Object>> attributes() throws Exception {
    Map<Long, List<Object>> attributes = new TreeMap<>();
    for (Map.Entry<Object, Feature> row : IndexFiles.live(index()).entrySet()) {
      attributes.put((Long) row.getKey(), Arrays.asList(row.getValue().attributes()));
    }
    return attributes;
  }

  @Test
  void overwritingReplacesAllRowsInOneCommit() throws Exception {
    try (LocalStorage storage = new LocalStorage(index())) {
      IndexReader reader = IndexReader.open(storage);
      IndexView before = reader.view();
      Snapshot old = before.snapshot();
      Dataset<Row> pinned = session.read().format("tarn").load(path());
      long rowsBefore = pinned.count();
      rows(100, 7, 3, "new")
          .write()
          .format("tarn")
          .option("nlist", 2)
          .mode("overwrite")
          .save(path());
      assertThat(attributes().keySet()).containsExactly(100L, 101L, 102L, 103L, 104L, 105L, 106L);
      assertThat(newest().version()).isEqualTo(old.version() + 1);
      assertThat(newest().operation()).isEqualTo("overwrite");
      assertThat(newest().schema()).isEqualTo(old.schema());
      assertThat(newest().model().quantizer()).isEqualTo("int8");
      assertThat(newest().model().lists()).isEqualTo(2);
      assertThat(ModelFile.read(storage, newest().model()).listIds()).containsExactly(4, 5);
      assertThat(newest().indexId()).isEqualTo(old.indexId());
      // Who reads the old version goes on undisturbed.
      assertThat(pinned.count()).isEqualTo(rowsBefore);
      assertThat(before.search(new float[] {6, 1, 8}, 1, Probe.exact()).hits().get(0).id())
          .hasToString("5");
      reader.refresh();
      assertThat(reader.search(new float[] {6, 1, 8}, 50, Probe.exact()).hits()).hasSize(7);
    }
  }

  @Test
  void sqlOverwritesAndReplaces() throws Exception {
    session.sql("insert overwrite tarn.index select * from tarn.index where id < 10");
    assertThat(attributes()).hasSize(10);
    assertThat(attributes().get(5L)).containsExactly("appended");
    session.sql(
        "create or replace table tarn.index tblproperties ('nlist' = '1')"
            + " as select id, vector, `order`, kind, id * 2 as twice from tarn.index where id < 4");
    assertThat(newest().schema().describeAttributes()).isEqualTo("kind string, twice long");
    assertThat(newest().model().lists()).isEqualTo(1);
    assertThat(attributes()).hasSize(4).containsEntry(3L, List.of("old", 6L));
    session.sql("replace table tarn.index as select id, vector from tarn.index where id > 1");
    assertThat(attributes()).containsOnlyKeys(2L, 3L);
    assertThat(attributes().get(3L)).containsExactly(null, null);
    session.table("tarn.index").writeTo("tarn.index").append();
    rows(1, 2, 1, "again").write().mode("overwrite").saveAsTable("tarn.index");
    assertThat(attributes()).containsOnlyKeys(1L, 2L);
    rows(7, 1, 1, "more").write().mode("overwrite").insertInto("tarn.index");
    assertThat(attributes()).containsOnlyKeys(7L);
    session.sql("create or replace table tarn.other as select * from tarn.index");
    assertThat(session.table("tarn.other").count()).isEqualTo(1);
    assertThatThrownBy(() -> session.sql("replace table tarn.none as select * from tarn.index"))
        .hasMessageContaining("TABLE_OR_VIEW_NOT_FOUND");
    assertThatThrownBy(
            () ->
                session
                    .table("tarn.index")
                    .writeTo("tarn.index")
                    .overwrite(org.apache.spark.sql.functions.col("kind").equalTo("x")))
        .isInstanceOf(AnalysisException.class)
        .hasMessageContaining("does not support overwrite by filter");
    assertThatThrownBy(() -> session.sql("update tarn.index set kind = 'x'"))
        .hasMessageContaining("UPDATE does not work on an index: INSERT INTO");
    assertThatThrownBy(
            () ->
                session.sql(
                    "merge into tarn.index t using tarn.other s on t.id = s.id"
                        + " when matched then delete"))
        .hasMessageContaining("MERGE INTO does not work on an index: INSERT INTO");
  }

  @Test
  void whatStaysCannotBeOverwritten() throws Exception {
    long version = newest().version();
    assertRefused(
        rows(1, 2, 1, "x"), Map.of("metric", "l2"), "has metric cosine, and metric is l2");
    assertRefused(
        rows(1, 2, 1, "x"), Map.of("dimension", "4"), "has dimension 3, and dimension is 4");
    assertRefused(
        rows(1, 2, 1, "x").selectExpr("id", "array(1, 2) as vector"),
        Map.of(),
        "{WRONG_DIMENSION=2}, more than max-rejected-share 0.5 allows (dimension 3, metric cosine)");
    assertRefused(
        rows(1, 2, 1, "x").selectExpr("id", "vector", "1 as kind"),
        Map.of(),
        "it must be the attribute's type in the index, string");
    assertRefused(rows(1, 2, 1, "x"), Map.of("embedder", "/x"), "keeps what it has");
    assertRefused(
        rows(1, 2, 1, "x").selectExpr("id", "kind as text"),
        Map.of("input.text-column", "text"),
        "has no embedder: overwrite it with vectors");
    assertRefused(rows(1, 2, 1, "x"), Map.of("overwrite", "true"), "the mode of the write says it");
    assertRefused(rows(1, 0, 1, "x"), Map.of(), "is empty: it has no rows");
    assertThat(newest().version()).isEqualTo(version);
  }

  private void assertRefused(Dataset<Row> rows, Map<String, String> options, String message) {
    assertThatThrownBy(
            () -> rows.write().format("tarn").options(options).mode("overwrite").save(path()))
        .isInstanceOf(UnusableInputException.class)
        .hasMessageContaining(message);
  }

  @Test
  void anIndexThatAStreamFeedsIsOverwrittenOnlyIfToldSo() throws Exception {
    try (LocalStorage storage = new LocalStorage(index())) {
      SnapshotLog log = new SnapshotLog(storage);
      TreeMap<Integer, OffsetRange> partitions = new TreeMap<>();
      partitions.put(3, new OffsetRange(OffsetRange.UNKNOWN, 0, 12));
      TreeMap<String, SourceAdvance> sources = new TreeMap<>();
      sources.put("kafka:features", new SourceAdvance(partitions, 1, null));
      // What SQL wrote cannot be read again from anywhere, in contrast to a topic.
      sources.put(WriterRuns.newRun(), WriterRuns.change(0, 1));
      new Committer(log, new ModelReassigner(storage))
          .commit(
              new Change(
                  "streamed", "stream", log.newest().model().id(), List.of(), List.of(), sources));
    }
    assertRefused(
        rows(1, 2, 1, "x"),
        Map.of(),
        "is fed by [kafka:features]: overwritten, it would lose the rows it has from there");
    rows(1, 2, 1, "x")
        .write()
        .format("tarn")
        .option("keep-positions", true)
        .mode("overwrite")
        .save(path());
    assertThat(attributes()).containsOnlyKeys(1L, 2L);
    assertThat(newest().source("kafka:features").nextOffsets()).containsEntry(3, 12L);
  }

  @Test
  void attributesComeWithAnAppend() throws Exception {
    Dataset<Row> rows =
        rows(2, 2, (1L << 50) + 2, "new").selectExpr("*", "id * 1.5d as price", "true as sold");
    assertThatThrownBy(() -> rows.write().format("tarn").mode("append").save(path()))
        .isInstanceOf(UnusableInputException.class)
        .hasMessageContaining("the index has no attribute 'price'; it has kind string")
        .hasMessageContaining("Set add-attributes to true to add it");
    Dataset<Row> before = session.read().format("tarn").load(path());
    rows.write().format("tarn").option("add-attributes", true).mode("append").save(path());
    assertThat(newest().schema().describeAttributes())
        .isEqualTo("kind string, price double, sold boolean");
    assertThat(attributes().get(2L)).containsExactly("new", 3.0, true);
    assertThat(attributes().get(1L)).containsExactly("old", null, null);
    assertThat(before.columns()).doesNotContain("price");
    assertThat(before.count()).isEqualTo(40);
    assertThat(ids("select id from tarn.index where price is not null")).containsExactly(2L, 3L);
    assertThat(ids("select id from tarn.index where price > 3 and sold")).containsExactly(3L);
    assertThat(ids("select id from tarn.index where price is null")).hasSize(38);
    assertThat(
            session
                .sql(
                    "select id, price from vector_search('tarn.index', array(3, 1, 3), 40,"
                        + " map('exact', 'true', 'filter', 'price is null'))")
                .count())
        .isEqualTo(38);
    // A table that lacks them gives nulls, and takes them from the rows it replaces.
    rows(3, 1, (1L << 50) + 3, "newer").write().format("tarn").mode("append").save(path());
    assertThat(attributes().get(3L)).containsExactly("newer", null, null);
    assertThatThrownBy(
            () ->
                rows(2, 2, 1, "new")
                    .selectExpr("id", "vector", "'a lot' as price", "1 as PRICE2")
                    .write()
                    .format("tarn")
                    .option("add-attributes", true)
                    .mode("append")
                    .save(path()))
        .hasMessageContaining("it must be the attribute's type in the index, double");
    assertThatThrownBy(
            () ->
                rows(2, 2, 1, "new")
                    .selectExpr("id", "vector", "1 as Kind")
                    .write()
                    .format("tarn")
                    .option("add-attributes", true)
                    .mode("append")
                    .save(path()))
        .hasMessageContaining(
            "attribute 'Kind' of type long cannot be added: the index has 'kind' of type string");
  }

  private List<Long> ids(String query) {
    return session.sql(query).orderBy("id").as(Encoders.LONG()).collectAsList();
  }

  @Test
  void attributesComeByAlterTable() throws Exception {
    session.sql("alter table tarn.index add columns (price double, made timestamp)");
    assertThat(newest().operation()).isEqualTo("alter");
    assertThat(newest().schema().describeAttributes())
        .isEqualTo("kind string, price double, made timestamp");
    session.sql("insert into tarn.index select 77L as id, array(1, 2, 3) as vector, 0.5 as price");
    assertThat(ids("select id from tarn.index where price = 0.5")).containsExactly(77L);
    for (String refused :
        List.of(
            "drop column kind",
            "rename column kind to sort",
            "alter column kind type binary",
            "add column first bigint first",
            "add column some bigint not null",
            "set tblproperties ('nlist' = '3')")) {
      assertThatThrownBy(() -> session.sql("alter table tarn.index " + refused))
          .as(refused)
          .hasMessageMatching("(?s).*(nothing can be altered|NOT_SUPPORTED|Cannot|cannot).*");
    }
    assertThatThrownBy(() -> session.sql("alter table tarn.index add column b array<double>"))
        .hasMessageContaining("has the type array<double>; an attribute must be text");
    assertThat(newest().schema().attributes()).hasSize(3);
  }
}
