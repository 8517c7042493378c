package io.tarn.spark.search;

import io.tarn.index.commit.NoSuchVersionException;
import io.tarn.index.commit.NoVersionAsOfException;
import io.tarn.index.commit.NotAnIndexException;
import io.tarn.index.commit.SnapshotLog;
import io.tarn.index.feature.Attribute;
import io.tarn.index.feature.RejectedFeatureException;
import io.tarn.index.feature.VectorRules;
import io.tarn.index.filter.Filter;
import io.tarn.index.snapshot.Snapshot;
import io.tarn.index.storage.Storage;
import io.tarn.spark.input.UnusableInputException;
import io.tarn.spark.live.SnapshotChoice;
import io.tarn.spark.segment.IndexLocation;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.apache.spark.sql.Column;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.RowFactory;
import org.apache.spark.sql.SparkSession;
import org.apache.spark.sql.functions;
import org.apache.spark.sql.types.DataTypes;
import org.apache.spark.sql.types.StructType;

/**
 * An index to be searched with Spark:
 *
 * <pre>
 * Dataset&lt;Row&gt; neighbours =
 *     TarnIndex.of(spark, "/data/index").knnJoin(queries, "vector", 10, Map.of("nprobe", "16"));
 * </pre>
 *
 * <p>No executor holds the whole index. The index is divided into parts, and a query is sent to
 * those parts that have rows of the lists it probes; the nearest of all parts are then brought
 * together. A query that finds fewer than k rows in these lists is sent to all parts.
 */
public final class TarnIndex {
  private static final String VECTOR = "vector";

  private final SparkSession spark;
  private final String location;

  private TarnIndex(SparkSession spark, String location) {
    this.spark = spark;
    this.location = location;
  }

  /** The index at a path, {@code file:/…} or {@code hdfs://…}. */
  public static TarnIndex of(SparkSession spark, String location) {
    return new TarnIndex(spark, location);
  }

  /**
   * Of each query the nearest live rows of the index.
   *
   * <p>Which version of the index is searched is settled when this is called; all the rest is done
   * when the result is asked for. The queries have to be the same rows whenever they are computed.
   *
   * @param queries any table with a column of vectors
   * @param vectorColumn that column: an array of numbers, or text such as {@code [0.5, 2]}
   * @param k how many neighbours of each
   * @param options see {@link KnnOptions}; none are needed
   * @return the columns of the queries, and for each of up to k neighbours a row with {@code rank}
   *     from 1 on, {@code distance} (squared l2, 1 - cosine, or the negative inner product) and
   *     {@code neighbour}, a struct of the {@code id} and all attributes
   * @throws UnusableInputException if there is no such index or version, or options or columns
   *     cannot be used. A query whose vector the index does not take fails the search, with its
   *     texts and whole numbers in the message
   */
  public Dataset<Row> knnJoin(
      Dataset<Row> queries, String vectorColumn, int k, Map<String, String> options) {
    return knnJoin(queries, vectorColumn, k, KnnOptions.parse(options));
  }

  /** As the other does, with options that have been read already. */
  public Dataset<Row> knnJoin(
      Dataset<Row> queries, String vectorColumn, int k, KnnOptions options) {
    return plan(
        k,
        options,
        (index, snapshot) -> KnnJoin.of(spark, index, snapshot, k, options, queries, vectorColumn));
  }

  /** Plans a join with the version that was asked for. */
  private interface Plan {
    Dataset<Row> of(IndexLocation index, Snapshot snapshot);
  }

  private Dataset<Row> plan(int k, KnnOptions options, Plan plan) {
    if (k < 1) {
      throw new UnusableInputException("k " + k + " is less than 1");
    }
    IndexLocation index = new IndexLocation(spark.sparkContext(), location);
    try (Storage storage = index.open()) {
      Snapshot snapshot =
          SnapshotChoice.of(
                  options.version().orElse(null),
                  options.timestamp().orElse(null),
                  SnapshotChoice.timeZone(spark))
              .snapshot(new SnapshotLog(storage));
      options.filter().ifPresent(filter -> Filter.parse(filter, snapshot.schema()));
      return plan.of(index, snapshot);
    } catch (NotAnIndexException
        | NoSuchVersionException
        | NoVersionAsOfException
        | IllegalArgumentException e) {
      throw new UnusableInputException(e.getMessage(), e);
    } catch (IOException e) {
      throw new UncheckedIOException(e.getMessage(), e);
    }
  }

  /**
   * The nearest live rows to one vector, the nearest first.
   *
   * @return {@code id}, {@code distance} and all attributes
   * @throws UnusableInputException as {@link #knnJoin} does, or if the index does not take the
   *     vector
   */
  public Dataset<Row> search(float[] vector, int k, Map<String, String> options) {
    StructType type =
        new StructType().add(VECTOR, DataTypes.createArrayType(DataTypes.FloatType, false), false);
    Dataset<Row> query = spark.createDataFrame(List.of(RowFactory.create((Object) vector)), type);
    KnnOptions parsed = KnnOptions.parse(options);
    Dataset<Row> neighbours =
        plan(
            k,
            parsed,
            (index, snapshot) -> {
              check(vector, snapshot);
              return KnnJoin.of(spark, index, snapshot, k, parsed, query, VECTOR);
            });
    StructType neighbour = (StructType) neighbours.schema().apply(KnnJoin.NEIGHBOUR).dataType();
    List<Column> columns = new ArrayList<>();
    for (String name : neighbour.fieldNames()) {
      columns.add(functions.col(KnnJoin.NEIGHBOUR).getField(name).as(name));
    }
    columns.add(1, functions.col(KnnJoin.DISTANCE));
    // Not orderBy, which would search twice: the first time for where to divide the order.
    return neighbours
        .coalesce(1)
        .sortWithinPartitions(KnnJoin.RANK)
        .select(columns.toArray(Column[]::new));
  }

  /** Tells at once what tasks would tell of a query, and what nobody could tell apart. */
  private static void check(float[] vector, Snapshot snapshot) {
    for (Attribute attribute : snapshot.schema().attributes()) {
      if (attribute.name().equalsIgnoreCase(KnnJoin.DISTANCE)) {
        throw new UnusableInputException(
            "the index has an attribute '"
                + attribute.name()
                + "', which is the name of a column that vector_search adds: use a join, whose column "
                + KnnJoin.NEIGHBOUR
                + " has the attributes to itself");
      }
    }
    try {
      VectorRules.accept(snapshot.schema(), vector);
    } catch (RejectedFeatureException e) {
      throw new UnusableInputException("a query cannot be used: " + e.getMessage(), e);
    }
  }
}
