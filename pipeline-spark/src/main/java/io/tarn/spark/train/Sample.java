package io.tarn.spark.train;

import io.tarn.index.feature.Feature;
import io.tarn.index.feature.RejectedFeatureException;
import io.tarn.index.feature.Schema;
import io.tarn.spark.rows.InputRow;
import io.tarn.spark.rows.Mixing;
import java.io.Serializable;
import java.util.Arrays;
import java.util.Comparator;
import java.util.Iterator;
import java.util.List;
import java.util.stream.IntStream;
import org.apache.spark.api.java.JavaRDD;

/**
 * Vectors drawn from an input, brought to the driver. Which ones depends on their numbers in the
 * input and the seed alone, and so does their order: not on how many tasks share the work.
 *
 * @param rows the vectors in stored form, row-major
 * @param rowCount how many
 * @param features how many features there were to draw from
 * @param deletes how many deletes were among the rows
 */
public record Sample(float[] rows, int rowCount, long features, long deletes) {

  /**
   * Draws vectors.
   *
   * @param features about how many features there are to draw from
   * @param maxRows the most to draw; all are drawn if there are no more
   */
  public static Sample draw(
      JavaRDD<InputRow> rows, Schema schema, long features, int maxRows, long seed) {
    double share = features <= maxRows ? 1 : (double) maxRows / features;
    List<Part> parts =
        rows.mapPartitions(each -> List.of(part(each, schema, share, seed)).iterator()).collect();
    return merge(parts, schema.dimension(), maxRows);
  }

  /** What one task draws. A plain class, as Kryo cannot serialize records. */
  private static final class Part implements Serializable {
    private long features;
    private long deletes;
    private int rowCount;
    private double[] keys = new double[64];
    private float[] rows;

    Part(int dimension) {
      rows = new float[64 * dimension];
    }

    void add(double key, float[] vector) {
      if (rowCount == keys.length) {
        keys = Arrays.copyOf(keys, 2 * rowCount);
        rows = Arrays.copyOf(rows, Math.multiplyExact(2 * rowCount, vector.length));
      }
      keys[rowCount] = key;
      System.arraycopy(vector, 0, rows, rowCount * vector.length, vector.length);
      rowCount++;
    }

    Part trimmed(int dimension) {
      keys = Arrays.copyOf(keys, rowCount);
      rows = Arrays.copyOf(rows, rowCount * dimension);
      return this;
    }
  }

  private static Part part(Iterator<InputRow> rows, Schema schema, double share, long seed) {
    Part part = new Part(schema.dimension());
    while (rows.hasNext()) {
      InputRow row = rows.next();
      if (!(row instanceof InputRow.Readable readable)) {
        continue;
      }
      if (readable.deleted()) {
        part.deletes++;
        continue;
      }
      try {
        Feature feature = readable.toFeature(schema);
        part.features++;
        double key = Mixing.toUnit(row.position(), seed);
        if (key < share) {
          part.add(key, feature.vector());
        }
      } catch (RejectedFeatureException e) {
        continue; // Counted, and reported, by the census.
      }
    }
    return part.trimmed(schema.dimension());
  }

  private static Sample merge(List<Part> parts, int dimension, int maxRows) {
    int drawn = parts.stream().mapToInt(part -> part.rowCount).sum();
    double[] keys = new double[drawn];
    Part[] partOf = new Part[drawn];
    int[] rowOf = new int[drawn];
    int next = 0;
    for (Part part : parts) {
      for (int row = 0; row < part.rowCount; row++) {
        keys[next] = part.keys[row];
        partOf[next] = part;
        rowOf[next++] = row;
      }
    }
    int kept = Math.min(drawn, maxRows);
    int[] order =
        IntStream.range(0, drawn)
            .boxed()
            .sorted(Comparator.comparingDouble(i -> keys[i]))
            .limit(kept)
            .mapToInt(Integer::intValue)
            .toArray();
    float[] rows = new float[Math.multiplyExact(kept, dimension)];
    for (int i = 0; i < kept; i++) {
      System.arraycopy(
          partOf[order[i]].rows, rowOf[order[i]] * dimension, rows, i * dimension, dimension);
    }
    long features = parts.stream().mapToLong(part -> part.features).sum();
    long deletes = parts.stream().mapToLong(part -> part.deletes).sum();
    return new Sample(rows, kept, features, deletes);
  }
}
