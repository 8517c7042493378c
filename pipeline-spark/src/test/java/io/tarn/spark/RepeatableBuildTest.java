package io.tarn.spark;

import static org.assertj.core.api.Assertions.assertThat;

import io.tarn.index.snapshot.FileRef;
import io.tarn.settings.Settings;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import org.apache.spark.TaskContext;
import org.apache.spark.api.java.function.MapPartitionsFunction;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Encoders;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.RowFactory;
import org.apache.spark.sql.SparkSession;
import org.apache.spark.sql.types.DataTypes;
import org.apache.spark.sql.types.StructType;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * The same rows, settings and seed give the same bytes of a model, and the same lists of rows,
 * however the rows are ordered and spread, however many cores work, and whatever fails meanwhile.
 */
class RepeatableBuildTest {
  private static final int ROWS = 6000;

  private static final StructType TYPE =
      new StructType()
          .add("id", DataTypes.StringType)
          .add("vector", DataTypes.createArrayType(DataTypes.FloatType));

  @TempDir Path directory;

  /** What must not vary. */
  private record Outcome(byte[] model, Map<String, Integer> lists) {}

  static List<Row> rows(long order) {
    List<Row> rows = new ArrayList<>();
    for (Row row : VectorRows.clustered(ROWS, 16, 4)) {
      rows.add(RowFactory.create("row-" + row.getLong(0), row.get(1)));
    }
    Collections.shuffle(rows, new Random(order));
    return rows;
  }

  /** Sampled, and trained group by group. */
  static BuildSettings settings(String index, int seed) {
    return Settings.load(
        BuildSettings.class,
        Optional.empty(),
        List.of(
            "index=" + index,
            "input.path=unused",
            "nlist=150",
            "training.sample-rows-per-list=20",
            "training.iterations=4",
            "training.seed=" + seed,
            "segment-bytes=1048576"));
  }

  static Dataset<Row> table(SparkSession spark, long order, int partitions) {
    return spark.createDataFrame(rows(order), TYPE).repartition(partitions);
  }

  private Outcome build(String name, Dataset<Row> table, int seed) throws IOException {
    Path index = directory.resolve(name);
    BuildJob.run(LocalSpark.session(), settings(index.toString(), seed), table);
    return outcome(index);
  }

  private static Outcome outcome(Path index) throws IOException {
    FileRef model = IndexFiles.view(index).snapshot().model().file();
    Map<String, Integer> lists = new HashMap<>();
    for (Row row :
        LocalSpark.session()
            .read()
            .parquet(index.resolve("segments").toString())
            .select("id", "list_id")
            .collectAsList()) {
      lists.put(row.getString(0), row.getInt(1));
    }
    assertThat(lists).hasSize(ROWS);
    return new Outcome(Files.readAllBytes(index.resolve(model.path())), lists);
  }

  @Test
  void modelAndListsDependOnRowsAndSeedAlone() throws Exception {
    SparkSession spark = LocalSpark.session();
    Outcome expected = build("one", table(spark, 1, 1), 7);
    assertSame("shuffled", build("shuffled", table(spark, 2, 1), 7), expected);
    assertSame("spread", build("spread", table(spark, 3, 13), 7), expected);
    Dataset<Row> failing = table(spark, 4, 5).mapPartitions(failingOnce(), Encoders.row(TYPE));
    assertSame("failing", build("failing", failing, 7), expected);
    for (int cores : new int[] {1, 4}) {
      String master = "local[" + cores + "]";
      Path index = directory.resolve("cores-" + cores);
      ChildJvm.Outcome child =
          ChildJvm.run(
              directory, master, List.of(), BuildOfShuffledRows.class, index.toString(), "7");
      assertThat(child.exitStatus()).as(child.output()).isZero();
      assertSame(master, outcome(index), expected);
    }
    assertThat(build("other", table(spark, 1, 1), 8).model()).isNotEqualTo(expected.model());
  }

  private static void assertSame(String what, Outcome found, Outcome expected) {
    assertThat(found.model()).as(what).isEqualTo(expected.model());
    assertThat(found.lists()).as(what).isEqualTo(expected.lists());
  }

  /** The first attempt of every task fails when it has given some rows. */
  private static MapPartitionsFunction<Row, Row> failingOnce() {
    return rows -> {
      List<Row> given = new ArrayList<>();
      while (rows.hasNext()) {
        if (given.size() == 500 && TaskContext.get().attemptNumber() == 0) {
          throw new IllegalStateException("injected");
        }
        given.add(rows.next());
      }
      return given.iterator();
    };
  }
}
