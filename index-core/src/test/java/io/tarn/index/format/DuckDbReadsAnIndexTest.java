package io.tarn.index.format;

import static org.assertj.core.api.Assertions.assertThat;

import io.tarn.index.centroid.TestModels;
import io.tarn.index.commit.SnapshotLog;
import io.tarn.index.feature.Attribute;
import io.tarn.index.feature.AttributeType;
import io.tarn.index.feature.Feature;
import io.tarn.index.feature.FeatureId;
import io.tarn.index.feature.IdType;
import io.tarn.index.feature.Metric;
import io.tarn.index.feature.RejectedFeatureException;
import io.tarn.index.feature.Schema;
import io.tarn.index.feature.VectorRules;
import io.tarn.index.search.IndexReader;
import io.tarn.index.search.IndexView;
import io.tarn.index.search.TestIndexes;
import io.tarn.index.storage.LocalStorage;
import io.tarn.index.storage.Storage;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Array;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** An engine that knows nothing of Tarn finds the live rows with docs/FORMAT.md and plain SQL. */
class DuckDbReadsAnIndexTest {
  private static final int LISTS = 8;

  private static final List<Attribute> ATTRIBUTES =
      List.of(
          new Attribute("title", AttributeType.STRING),
          new Attribute("views", AttributeType.LONG),
          new Attribute("price", AttributeType.DOUBLE),
          new Attribute("public", AttributeType.BOOLEAN),
          new Attribute("seen at", AttributeType.TIMESTAMP));

  @TempDir Path directory;

  private record Row(
      long order, long position, int list, List<Float> vector, List<Object> attributes) {}

  @ParameterizedTest
  @CsvSource({
    "STRING, 1, L2, 600",
    "INT64, 3, COSINE, 2000",
    "STRING, 128, INNER_PRODUCT, 3000",
    "INT64, 784, L2, 700"
  })
  void theLiveRowsAreFound(IdType idType, int dimension, Metric metric, int rows) throws Exception {
    Storage storage = new LocalStorage(directory);
    Schema schema = new Schema(idType, dimension, metric, ATTRIBUTES);
    Random random = new Random(dimension);
    List<Feature> first = new ArrayList<>();
    for (int i = 0; i < rows; i++) {
      first.add(feature(schema, i, random, 10, i));
    }
    TestIndexes.create(storage, schema, LISTS, first);
    for (int commit = 1; commit <= 4; commit++) {
      List<Feature> changes = new ArrayList<>();
      for (int i = 0; i < rows / 5; i++) {
        int id = random.nextInt(rows + 20);
        // Older, equal and newer than what is there.
        long order = random.nextInt(9, 12);
        changes.add(
            random.nextInt(3) == 0
                ? Feature.delete(id(idType, id), order, i)
                : feature(schema, id, random, order, i));
      }
      TestIndexes.append(storage, changes);
    }
    Files.copy(
        directory.resolve(new SnapshotLog(storage).newest().segments().get(0).path()),
        directory.resolve("segments/left-behind-by-an-interrupted-writer.parquet"));

    IndexView view = IndexReader.open(storage).view();
    Map<Object, Row> found = liveRows(schema);

    assertThat(found).hasSize((int) view.liveRowCount());
    assertThat(found.size()).isLessThan(rows + 20);
    long[] rowsByList = new long[view.model().listCount()];
    view.forEachLive(
        feature -> {
          Row row = found.get(feature.id().toObject());
          assertThat(row).as("id %s", feature.id()).isNotNull();
          assertThat(row.order()).isEqualTo(feature.order());
          assertThat(row.position()).isEqualTo(feature.position());
          assertThat(row.vector()).isEqualTo(boxed(feature.vector()));
          assertThat(row.attributes()).containsExactly(feature.attributes());
          rowsByList[row.list()]++;
        });
    assertThat(rowsByList).isEqualTo(view.liveRowsByList());
  }

  /** 16 MiB make a row group, and this makes several: whole numbers, so that sums are exact. */
  @Test
  void aSegmentOfSeveralRowGroupsIsRead() throws Exception {
    int dimension = 784;
    int rows = 21_500;
    Storage storage = new LocalStorage(directory);
    Schema schema = new Schema(IdType.INT64, dimension, Metric.L2, List.of());
    List<Feature> features = new ArrayList<>();
    long[] sums = new long[rows];
    Random random = new Random(1);
    for (int i = 0; i < rows; i++) {
      float[] vector = new float[dimension];
      for (int d = 0; d < dimension; d++) {
        int value = random.nextInt(100);
        vector[d] = value;
        sums[i] += value * (d + 1L);
      }
      features.add(new Feature(FeatureId.of(i), vector, 1, i, new Object[0]));
    }
    try (SegmentWriter writer = new SegmentWriter(storage, schema, TestModels.anyOf(schema))) {
      for (Feature feature : features) {
        writer.add(0, feature);
      }
      writer.finish();
    }

    query(
        "SELECT count(DISTINCT row_group_id) FROM parquet_metadata('"
            + directory
            + "/segments/*.parquet')",
        result -> assertThat(result.getInt(1)).isGreaterThan(1));
    long[] found = new long[rows];
    query(
        """
        SELECT id, list_sum([v * d FOR v, d IN vector::DOUBLE[]]) AS sum
        FROM read_parquet('%s/segments/*.parquet')
        """
            .formatted(directory),
        result -> found[result.getInt(1)] = (long) result.getDouble(2));
    assertThat(found).isEqualTo(sums);
  }

  private Map<Object, Row> liveRows(Schema schema) throws SQLException {
    String sql =
        """
        WITH newest AS (
          SELECT * FROM read_json('%1$s/versions/*.json') ORDER BY version DESC LIMIT 1
        ), segment AS (
          SELECT unnest(segments) AS ref FROM newest
        ), ranked AS (
          SELECT rows.*, row_number() OVER (
            PARTITION BY id
            ORDER BY event_order DESC, ref.sequence DESC, position DESC, filename DESC,
              file_row_number DESC) AS rank
          FROM read_parquet('%1$s/segments/*.parquet', filename = true, file_row_number = true) rows
          JOIN segment ON filename = '%1$s/' || ref.file.path
        )
        SELECT id, event_order, position, list_id, vector, title, views, price, public,
          epoch_us("seen at") AS seen_us
        FROM ranked WHERE rank = 1 AND NOT deleted
        """
            .formatted(directory);
    Map<Object, Row> rows = new HashMap<>();
    query(
        sql,
        result -> {
          List<Object> attributes = new ArrayList<>();
          attributes.add(result.getObject("title"));
          attributes.add(result.getObject("views"));
          attributes.add(result.getObject("price"));
          attributes.add(result.getObject("public"));
          long seenUs = result.getLong("seen_us");
          attributes.add(result.wasNull() ? null : Instant.EPOCH.plus(seenUs, ChronoUnit.MICROS));
          Object id =
              schema.idType() == IdType.INT64 ? result.getLong("id") : result.getString("id");
          Row row =
              new Row(
                  result.getLong("event_order"),
                  result.getLong("position"),
                  result.getInt("list_id"),
                  floats(result.getArray("vector")),
                  attributes);
          assertThat(rows.put(id, row)).isNull();
        });
    return rows;
  }

  private interface RowReader {
    void read(ResultSet row) throws SQLException;
  }

  private static void query(String sql, RowReader reader) throws SQLException {
    try (Connection connection = DriverManager.getConnection("jdbc:duckdb:");
        Statement statement = connection.createStatement();
        ResultSet result = statement.executeQuery(sql)) {
      while (result.next()) {
        reader.read(result);
      }
    }
  }

  private static List<Float> floats(Array array) throws SQLException {
    List<Float> values = new ArrayList<>();
    for (Object value : (Object[]) array.getArray()) {
      values.add((Float) value);
    }
    return values;
  }

  private static List<Float> boxed(float[] vector) {
    List<Float> values = new ArrayList<>();
    for (float value : vector) {
      values.add(value);
    }
    return values;
  }

  private static FeatureId id(IdType type, int number) {
    return type == IdType.INT64
        ? FeatureId.of(number - 100L)
        : FeatureId.of("größe \ud83d\ude00 '" + number);
  }

  private static Feature feature(
      Schema schema, int number, Random random, long order, long position) {
    float[] vector = new float[schema.dimension()];
    for (int d = 0; d < vector.length; d++) {
      vector[d] = (float) random.nextGaussian();
    }
    Object[] attributes = {
      "Straße " + random.nextInt(50),
      random.nextLong(),
      random.nextInt(4) == 0 ? Double.NEGATIVE_INFINITY : random.nextGaussian(),
      random.nextBoolean(),
      Instant.EPOCH.plus(
          random.nextLong(-4_000_000_000_000_000L, 4_000_000_000_000_000L), ChronoUnit.MICROS)
    };
    for (int a = 0; a < attributes.length; a++) {
      if (random.nextInt(4) == 0) {
        attributes[a] = null;
      }
    }
    try {
      float[] accepted = VectorRules.accept(schema, vector);
      return new Feature(id(schema.idType(), number), accepted, order, position, attributes);
    } catch (RejectedFeatureException e) {
      throw new IllegalArgumentException(e);
    }
  }
}
