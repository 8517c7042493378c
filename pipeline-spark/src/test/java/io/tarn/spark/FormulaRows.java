package io.tarn.spark;

import java.io.Serializable;
import org.apache.spark.api.java.function.MapFunction;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Encoders;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SparkSession;

/**
 * Rows that are reckoned from their ids, so that any number of them exists nowhere: neither in a
 * file nor in memory.
 */
public final class FormulaRows {
  private static final int CENTRES = 64;
  private static final long GOLDEN = 0x9E3779B97F4A7C15L;

  private FormulaRows() {}

  /** The vector of an id: whole numbers about one of 64 centres; short distances are exact. */
  static float[] vector(long id, int dimension) {
    float[] vector = new float[dimension];
    long centre = mixed(-1 - Math.floorMod(mixed(id), CENTRES));
    long noise = mixed(id);
    for (int i = 0; i < dimension; i++) {
      centre = centre * GOLDEN + 1;
      noise = noise * GOLDEN + 1;
      vector[i] = (centre >>> 57) + (noise >>> 58);
    }
    return vector;
  }

  private static long mixed(long value) {
    long bits = (value + GOLDEN) * GOLDEN;
    bits = (bits ^ (bits >>> 30)) * 0xBF58476D1CE4E5B9L;
    return bits ^ (bits >>> 31);
  }

  /** One row. A bean, whose array Spark copies as it is; of a {@code Row} it would box floats. */
  public static final class FormulaRow implements Serializable {
    private long id;
    private float[] vector;

    public long getId() {
      return id;
    }

    public void setId(long id) {
      this.id = id;
    }

    public float[] getVector() {
      return vector;
    }

    public void setVector(float[] vector) {
      this.vector = vector;
    }
  }

  /** The rows of the ids from {@code first} on to {@code end}, which is left out, in few tasks. */
  static Dataset<Row> table(SparkSession spark, long first, long end, int dimension, int tasks) {
    return spark
        .range(first, end, 1, tasks)
        .map(
            (MapFunction<Long, FormulaRow>) id -> row(id, dimension),
            Encoders.bean(FormulaRow.class))
        .toDF();
  }

  private static FormulaRow row(long id, int dimension) {
    FormulaRow row = new FormulaRow();
    row.setId(id);
    row.setVector(vector(id, dimension));
    return row;
  }
}
