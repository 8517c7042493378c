package io.tarn.spark;

import io.tarn.settings.Settings;
import io.tarn.spark.segment.IndexLocation;
import java.io.IOException;
import java.nio.file.Path;
import java.sql.Timestamp;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.RowFactory;
import org.apache.spark.sql.types.DataTypes;
import org.apache.spark.sql.types.StructType;

/** An index with attributes of every type, superseded rows and deletes, in several segments. */
public final class SampleIndex {
  public static final int DIMENSION = 96;
  public static final int ROWS = 4000;
  private static final int CHANGES = 900;

  private static final StructType TYPE =
      VectorRows.TYPE
          .add("title", DataTypes.StringType)
          .add("kind", DataTypes.StringType)
          .add("year", DataTypes.LongType)
          .add("price", DataTypes.DoubleType)
          .add("sold", DataTypes.BooleanType)
          .add("made", DataTypes.TimestampType)
          .add("op", DataTypes.StringType);

  private SampleIndex() {}

  /** Builds it, as versions 1 to 3. */
  public static void create(Path index) throws IOException {
    build(index, ROWS);
    Random random = new Random(7);
    for (int version = 2; version <= 3; version++) {
      List<Row> changes = new ArrayList<>();
      for (Row row : VectorRows.clustered(CHANGES, DIMENSION, version)) {
        long id = random.nextInt(ROWS + ROWS / 10);
        // Some orders are older than what the index has.
        Row change = VectorRows.row(id, random.nextInt(2 * ROWS), VectorRows.vector(row));
        changes.add(withAttributes(change, random.nextInt(4) == 0 ? "delete" : "upsert", random));
      }
      append(index, table(changes));
    }
  }

  /** Builds an index of so many such rows, as version 1. */
  public static void build(Path index, int count) throws IOException {
    List<Row> rows = VectorRows.clustered(count, DIMENSION, 5);
    Random random = new Random(6);
    build(index, table(rows.stream().map(row -> withAttributes(row, "upsert", random)).toList()));
  }

  private static Dataset<Row> table(List<Row> rows) {
    return LocalSpark.session().createDataFrame(rows, TYPE).repartition(2);
  }

  private static void build(Path index, Dataset<Row> table) throws IOException {
    List<String> settings =
        List.of(
            "index=" + index,
            "input.path=unused",
            "input.order-column=ts",
            "input.attributes=[title, kind, year, price, sold, made]",
            "nlist=24",
            "segment-bytes=1048576");
    BuildJob.run(
        LocalSpark.session(),
        Settings.load(BuildSettings.class, Optional.empty(), settings),
        table);
  }

  private static void append(Path index, Dataset<Row> table) throws IOException {
    List<String> settings =
        List.of("index=" + index, "input.path=unused", "input.order-column=ts", "op-column=op");
    AppendJob.run(
        LocalSpark.session(),
        Settings.load(AppendSettings.class, Optional.empty(), settings),
        table);
  }

  public static IndexLocation location(Path index) {
    return new IndexLocation(LocalSpark.session().sparkContext(), index.toString());
  }

  private static Row withAttributes(Row row, String op, Random random) {
    return RowFactory.create(
        row.get(0),
        row.get(1),
        row.get(2),
        nullable(random, "title " + row.get(0)),
        nullable(random, List.of("noun", "verb", "it's", "ünï").get(random.nextInt(4))),
        nullable(random, (long) random.nextInt(1900, 2030)),
        nullable(
            random,
            List.of(0.1, -0.0, 3.5, Double.NaN, Double.POSITIVE_INFINITY, 1e9)
                .get(random.nextInt(6))),
        nullable(random, random.nextBoolean()),
        nullable(
            random,
            Timestamp.from(Instant.ofEpochSecond(1_700_000_000L + random.nextInt(100), 123_000))),
        op);
  }

  private static <T> T nullable(Random random, T value) {
    return random.nextInt(8) == 0 ? null : value;
  }
}
