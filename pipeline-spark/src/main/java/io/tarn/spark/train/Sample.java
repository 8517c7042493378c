package io.tarn.spark.train;

import io.tarn.index.feature.Feature;
import io.tarn.index.feature.RejectedFeatureException;
import io.tarn.index.feature.Schema;
import io.tarn.spark.rows.InputRow;
import io.tarn.spark.rows.Mixing;
import java.io.Serializable;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Arrays;
import java.util.Iterator;
import java.util.List;
import org.apache.spark.api.java.JavaRDD;

/**
 * Vectors drawn from an input, brought to the driver. Which ones depends on their ids and the seed
 * alone, and so does their order: neither on where in the input they lie nor on how many tasks
 * share the work.
 *
 * @param rows the vectors in stored form, row-major
 * @param rowCount how many
 * @param features how many features there were to draw from
 * @param deletes how many deletes were among the rows
 */
public record Sample(float[] rows, int rowCount, long features, long deletes) {
  private static final double KEYS = 0x1p64;

  /**
   * Draws vectors.
   *
   * @param features about how many features there are to draw from
   * @param maxRows the most to draw; all are drawn if there are no more
   */
  public static Sample draw(
      JavaRDD<InputRow> rows, Schema schema, long features, int maxRows, long seed) {
    double share = features <= maxRows ? 1 : (double) maxRows / features;
    // Unsigned numbers in the order of signed ones.
    long lastKey = (long) (share * KEYS + Long.MIN_VALUE);
    List<Part> parts =
        rows.mapPartitions(each -> List.of(part(each, schema, lastKey, seed)).iterator()).collect();
    return merge(parts, schema.dimension(), maxRows);
  }

  /**
   * What one task draws, its vectors as bytes: those travel faster than floats. A plain class, as
   * Kryo cannot serialize records.
   */
  private static final class Part implements Serializable {
    private static final int FIRST_ROWS = 64;

    private final int rowBytes;
    private long features;
    private long deletes;
    private int rowCount;
    private long[] keys = new long[FIRST_ROWS];
    private byte[] rows;

    Part(int dimension) {
      rowBytes = dimension * Float.BYTES;
      rows = new byte[FIRST_ROWS * rowBytes];
    }

    void add(long key, float[] vector) {
      if (rowCount == keys.length) {
        int capacity = 2 * rowCount;
        if ((long) capacity * rowBytes > Integer.MAX_VALUE - Long.BYTES) {
          throw new IllegalStateException(
              "a task draws more than 1 GiB of vectors: lower training.max-sample-bytes");
        }
        keys = Arrays.copyOf(keys, capacity);
        rows = Arrays.copyOf(rows, capacity * rowBytes);
      }
      keys[rowCount] = key;
      row(rowCount++).asFloatBuffer().put(vector);
    }

    private ByteBuffer row(int row) {
      return ByteBuffer.wrap(rows, row * rowBytes, rowBytes).order(ByteOrder.LITTLE_ENDIAN);
    }

    void copy(int row, float[] to, int offset) {
      row(row).asFloatBuffer().get(to, offset, rowBytes / Float.BYTES);
    }

    Part trimmed() {
      keys = Arrays.copyOf(keys, rowCount);
      rows = Arrays.copyOf(rows, rowCount * rowBytes);
      return this;
    }
  }

  private static Part part(Iterator<InputRow> rows, Schema schema, long lastKey, long seed) {
    Part part = new Part(schema.dimension());
    long mixedSeed = Mixing.mix(seed);
    while (rows.hasNext()) {
      if (!(rows.next() instanceof InputRow.Readable readable)) {
        continue;
      }
      if (readable.deleted()) {
        part.deletes++;
        continue;
      }
      try {
        Feature feature = readable.toFeature(schema);
        part.features++;
        long key = Mixing.mix(Mixing.hash(feature.id()) ^ mixedSeed);
        if (key <= lastKey) {
          part.add(key, feature.vector());
        }
      } catch (RejectedFeatureException e) {
        continue; // Counted, and reported, by the census.
      }
    }
    return part.trimmed();
  }

  /** Puts the rows of all parts in the order of their keys. */
  private static Sample merge(List<Part> parts, int dimension, int maxRows) {
    int drawn = 0;
    for (Part part : parts) {
      drawn = Math.addExact(drawn, part.rowCount);
    }
    long[] keys = new long[drawn];
    int next = 0;
    for (Part part : parts) {
      System.arraycopy(part.keys, 0, keys, next, part.rowCount);
      next += part.rowCount;
    }
    Arrays.sort(keys);
    int kept = Math.min(drawn, maxRows);
    float[] rows = new float[Math.multiplyExact(kept, dimension)];
    boolean[] taken = new boolean[kept];
    for (Part part : parts) {
      for (int row = 0; row < part.rowCount; row++) {
        int place = Arrays.binarySearch(keys, part.keys[row]);
        while (place > 0 && keys[place - 1] == keys[place]) {
          place--;
        }
        place(part, row, place, rows, taken, dimension);
      }
    }
    long features = parts.stream().mapToLong(part -> part.features).sum();
    long deletes = parts.stream().mapToLong(part -> part.deletes).sum();
    return new Sample(rows, kept, features, deletes);
  }

  /** Ids of one key, which is hardly ever so, stand in the order of their vectors. */
  private static void place(
      Part part, int row, int first, float[] rows, boolean[] taken, int dimension) {
    float[] vector = new float[dimension];
    part.copy(row, vector, 0);
    int place = first;
    while (place < taken.length && taken[place]) {
      int at = place * dimension;
      if (Arrays.compare(vector, 0, dimension, rows, at, at + dimension) < 0) {
        float[] later = Arrays.copyOfRange(rows, at, at + dimension);
        System.arraycopy(vector, 0, rows, at, dimension);
        vector = later;
      }
      place++;
    }
    if (place < taken.length) {
      System.arraycopy(vector, 0, rows, place * dimension, dimension);
      taken[place] = true;
    }
  }
}
