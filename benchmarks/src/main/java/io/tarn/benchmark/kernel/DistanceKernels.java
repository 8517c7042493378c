package io.tarn.benchmark.kernel;

import io.tarn.index.kernel.Kernels;
import io.tarn.index.kernel.VectorKernels;
import java.util.SplittableRandom;
import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;

/** One query and many rows of floats, as a scan of full vectors looks at them. */
@State(Scope.Thread)
@BenchmarkMode(Mode.Throughput)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
public class DistanceKernels {
  /** Rows a call, as many as a scan hands over at once. */
  private static final int BATCH_ROWS = 256;

  /** Floats of a row. */
  @Param({"128", "784"})
  public int dimension;

  /** Where the rows lie. */
  @Param public Place place;

  private final VectorKernels kernels = Kernels.best();
  private final float[] distances = new float[BATCH_ROWS];
  private final int[] numbers = new int[BATCH_ROWS];
  private float[] query;
  private float[] rows;
  private int[] shuffled;

  @Setup
  public void draw() {
    query = Place.randomFloats(dimension);
    rows = place.rows(dimension);
    shuffled = new int[rows.length / dimension];
    SplittableRandom random = new SplittableRandom(1);
    for (int row = 0; row < shuffled.length; row++) {
      int other = random.nextInt(row + 1);
      shuffled[row] = shuffled[other];
      shuffled[other] = row;
    }
  }

  /** Squared Euclidean distances of all rows. */
  @Benchmark
  public float[] squaredL2(Work work) {
    int rowCount = rows.length / dimension;
    for (int row = 0; row < rowCount; row += BATCH_ROWS) {
      int count = Math.min(BATCH_ROWS, rowCount - row);
      kernels.squaredL2(query, rows, row * dimension, count, dimension, distances);
    }
    return done(work, rowCount);
  }

  /** Squared Euclidean distances of all rows, in an order that no processor foresees. */
  @Benchmark
  public float[] squaredL2OfRowsApart(Work work) {
    for (int from = 0; from < shuffled.length; from += BATCH_ROWS) {
      int count = Math.min(BATCH_ROWS, shuffled.length - from);
      System.arraycopy(shuffled, from, numbers, 0, count);
      kernels.squaredL2(query, rows, 0, numbers, 0, count, dimension, distances);
    }
    return done(work, shuffled.length);
  }

  /** Inner products of all rows. */
  @Benchmark
  public float[] dot(Work work) {
    int rowCount = rows.length / dimension;
    for (int row = 0; row < rowCount; row += BATCH_ROWS) {
      int count = Math.min(BATCH_ROWS, rowCount - row);
      kernels.dot(query, rows, row * dimension, count, dimension, distances);
    }
    return done(work, rowCount);
  }

  private float[] done(Work work, int rowCount) {
    work.vectors += rowCount;
    work.bytes += (long) rows.length * Float.BYTES;
    return distances;
  }
}
