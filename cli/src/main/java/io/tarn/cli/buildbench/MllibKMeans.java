package io.tarn.cli.buildbench;

import static org.apache.spark.sql.functions.col;

import io.tarn.benchmark.Vectors;
import java.nio.file.Path;
import java.util.Locale;
import java.util.concurrent.TimeUnit;
import java.util.stream.IntStream;
import org.apache.spark.api.java.JavaRDD;
import org.apache.spark.api.java.JavaSparkContext;
import org.apache.spark.ml.clustering.KMeans;
import org.apache.spark.ml.clustering.KMeansModel;
import org.apache.spark.ml.linalg.VectorUDT;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.RowFactory;
import org.apache.spark.sql.SparkSession;
import org.apache.spark.sql.types.StructType;
import org.apache.spark.storage.StorageLevel;

/**
 * The work of the build job with MLlib: lists trained on a sample, every row assigned to one of
 * them, and all written as Parquet, sorted by list.
 */
public final class MllibKMeans {
  private final SparkSession spark;
  private final long seed;

  MllibKMeans(SparkSession spark, long seed) {
    this.spark = spark;
    this.seed = seed;
  }

  /** How MLlib computes distances. */
  public enum Solver {
    /** Row by row, passing over centers that cannot be the nearest; rows are cached as it asks. */
    ROW,

    /** By products of matrices. */
    BLOCK
  }

  /**
   * What was measured.
   *
   * @param assignSeconds of assigning, sorting and writing
   */
  record Taken(double trainSeconds, double assignSeconds) {}

  /**
   * Trains and assigns.
   *
   * @param sample what to train on, for so many iterations from random rows, as k-means|| takes far
   *     longer than a few iterations
   * @param output a directory that does not exist
   */
  Taken run(Vectors sample, Vectors rows, int lists, int iterations, Solver solver, Path output) {
    long startNanos = System.nanoTime();
    Dataset<Row> table = table(sample);
    if (solver == Solver.ROW) {
      table = table.persist(StorageLevel.MEMORY_ONLY());
    }
    KMeansModel model =
        new KMeans()
            .setK(lists)
            .setMaxIter(iterations)
            .setTol(0)
            .setInitMode("random")
            .setSeed(seed)
            .setSolver(solver.name().toLowerCase(Locale.ROOT))
            .fit(table);
    table.unpersist();
    double train = seconds(startNanos);
    startNanos = System.nanoTime();
    model
        .transform(table(rows))
        // Not by range: to find the ranges Spark would assign all rows twice.
        .repartition(col("prediction"))
        .sortWithinPartitions("prediction")
        .write()
        .parquet(output.toString());
    return new Taken(train, seconds(startNanos));
  }

  private Dataset<Row> table(Vectors rows) {
    JavaRDD<Row> table =
        JavaSparkContext.fromSparkContext(spark.sparkContext())
            .parallelize(IntStream.range(0, rows.count()).boxed().toList())
            .map(new ToRow(rows));
    return spark.createDataFrame(table, new StructType().add("features", new VectorUDT(), false));
  }

  private static double seconds(long startNanos) {
    return (System.nanoTime() - startNanos) / (double) TimeUnit.SECONDS.toNanos(1);
  }

  /** A row as MLlib takes it. Closures keep what they name, so this one names the rows alone. */
  private record ToRow(int dimension, float[] values)
      implements org.apache.spark.api.java.function.Function<Integer, Row> {
    ToRow(Vectors rows) {
      this(rows.dimension(), rows.values());
    }

    @Override
    public Row call(Integer row) {
      double[] vector = new double[dimension];
      for (int i = 0; i < dimension; i++) {
        vector[i] = values[row * dimension + i];
      }
      return RowFactory.create(org.apache.spark.ml.linalg.Vectors.dense(vector));
    }
  }
}
