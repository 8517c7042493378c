package io.tarn.benchmark.kernel;

import io.tarn.index.kernel.Kernels;
import io.tarn.index.kernel.VectorKernels;
import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;

/** Many rows and many rows, in the blocks in which rows are assigned to centroids. */
@State(Scope.Thread)
@BenchmarkMode(Mode.Throughput)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
public class MatrixKernel {
  private static final int ROWS = 32;
  private static final int CENTROIDS = 1024;
  private static final int BLOCK_CENTROIDS = 64;

  /** Floats of a row. */
  @Param({"128", "784"})
  public int dimension;

  private final VectorKernels kernels = Kernels.best();
  private final float[] products = new float[ROWS * BLOCK_CENTROIDS];
  private float[] rows;
  private float[] centroids;

  @Setup
  public void draw() {
    rows = Place.randomFloats(ROWS * dimension);
    centroids = Place.randomFloats(CENTROIDS * dimension);
  }

  /** Inner products of a block of rows with all centroids. */
  @Benchmark
  public float[] dotMatrix(Work work) {
    for (int c = 0; c < CENTROIDS; c += BLOCK_CENTROIDS) {
      kernels.dotMatrix(
          rows, 0, ROWS, centroids, c * dimension, BLOCK_CENTROIDS, dimension, products);
    }
    work.flops += 2L * ROWS * CENTROIDS * dimension;
    return products;
  }
}
