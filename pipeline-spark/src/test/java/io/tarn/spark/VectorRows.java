package io.tarn.spark;

import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.RowFactory;
import org.apache.spark.sql.types.DataTypes;
import org.apache.spark.sql.types.StructType;

/** Tables of vectors that lie in clusters. */
public final class VectorRows {
  public static final StructType TYPE =
      new StructType()
          .add("id", DataTypes.LongType)
          .add("vector", DataTypes.createArrayType(DataTypes.FloatType))
          .add("ts", DataTypes.LongType);

  private VectorRows() {}

  public static Row row(Long id, long ts, float... vector) {
    return RowFactory.create(id, vector, ts);
  }

  /** Rows with the ids 0, 1, 2…; the same for the same seed. */
  public static List<Row> clustered(int count, int dimension, long seed) {
    Random random = new Random(seed);
    float[][] centers = new float[8][];
    for (int c = 0; c < centers.length; c++) {
      centers[c] = gaussian(random, dimension, 10);
    }
    List<Row> rows = new ArrayList<>();
    for (int i = 0; i < count; i++) {
      float[] vector = gaussian(random, dimension, 1);
      float[] center = centers[random.nextInt(centers.length)];
      for (int d = 0; d < dimension; d++) {
        vector[d] += center[d];
      }
      rows.add(row((long) i, i, vector));
    }
    return rows;
  }

  private static float[] gaussian(Random random, int dimension, double scale) {
    float[] vector = new float[dimension];
    for (int d = 0; d < dimension; d++) {
      vector[d] = (float) (random.nextGaussian() * scale);
    }
    return vector;
  }

  public static Dataset<Row> table(List<Row> rows) {
    return LocalSpark.session().createDataFrame(rows, TYPE);
  }

  /** The vector of a row made by {@link #row}. */
  public static float[] vector(Row row) {
    return (float[]) row.get(1);
  }
}
