package io.tarn.benchmark.kernel;

import io.tarn.index.kernel.Kernels;
import io.tarn.index.kernel.PackedRows;
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

  /** Floats of a row. */
  @Param({"128", "784"})
  public int dimension;

  private final VectorKernels kernels = Kernels.best();
  private final int[] nearest = new int[ROWS];
  private final float[] scores = new float[ROWS];
  private float[] rows;
  private PackedRows centroids;

  @Setup
  public void draw() {
    rows = Place.randomFloats(ROWS * dimension);
    float[] drawn = Place.randomFloats(CENTROIDS * dimension);
    centroids = new PackedRows(kernels.panelWidth(), dimension, CENTROIDS);
    for (int c = 0; c < CENTROIDS; c++) {
      centroids.add(drawn, c * dimension, 0);
    }
  }

  /** The nearest of all centroids of each row of a block. */
  @Benchmark
  public int[] nearest(Work work) {
    kernels.nearest(rows, 0, ROWS, centroids, nearest, scores, 0);
    work.flops += 2L * ROWS * CENTROIDS * dimension;
    return nearest;
  }
}
