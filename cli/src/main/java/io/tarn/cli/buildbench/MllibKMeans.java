package io.tarn.cli.buildbench;

import io.tarn.benchmark.Vectors;
import java.util.concurrent.TimeUnit;
import java.util.stream.IntStream;
import org.apache.spark.api.java.JavaRDD;
import org.apache.spark.api.java.JavaSparkContext;
import org.apache.spark.ml.clustering.KMeans;
import org.apache.spark.ml.linalg.VectorUDT;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.RowFactory;
import org.apache.spark.sql.SparkSession;
import org.apache.spark.sql.types.StructType;
import org.apache.spark.storage.StorageLevel;

/** What k-means costs with MLlib, its rows cached as it wants them. */
final class MllibKMeans {
  private static final int FEW = 1;
  private static final int MORE = 3;

  private final SparkSession spark;
  private final Vectors rows;

  MllibKMeans(SparkSession spark, Vectors rows) {
    this.spark = spark;
    this.rows = rows;
  }

  /**
   * What was measured.
   *
   * @param iterationSeconds of one iteration
   * @param fixedSeconds of all else
   */
  record Cost(double iterationSeconds, double fixedSeconds) {}

  /** Trains with few iterations and with more; the difference is what one takes. */
  Cost measure(int lists, long seed) {
    JavaRDD<Row> table =
        JavaSparkContext.fromSparkContext(spark.sparkContext())
            .parallelize(IntStream.range(0, rows.count()).boxed().toList())
            .map(new ToRow(rows));
    Dataset<Row> cached =
        spark
            .createDataFrame(table, new StructType().add("features", new VectorUDT(), false))
            .persist(StorageLevel.MEMORY_ONLY());
    try {
      cached.count();
      // Has the code compiled.
      train(cached, Math.min(lists, 16), MORE, seed);
      double few = train(cached, lists, FEW, seed);
      double more = train(cached, lists, MORE, seed);
      double iteration = (more - few) / (MORE - FEW);
      return new Cost(iteration, Math.max(0, few - FEW * iteration));
    } finally {
      cached.unpersist();
    }
  }

  /** From random rows, as k-means|| takes far longer than a few iterations. */
  private static double train(Dataset<Row> table, int lists, int iterations, long seed) {
    long startNanos = System.nanoTime();
    new KMeans()
        .setK(lists)
        .setMaxIter(iterations)
        .setTol(0)
        .setInitMode("random")
        .setSeed(seed)
        .fit(table);
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
