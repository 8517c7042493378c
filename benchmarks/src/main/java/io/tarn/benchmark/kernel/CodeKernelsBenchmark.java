package io.tarn.benchmark.kernel;

import io.tarn.index.kernel.CodeKernels;
import io.tarn.index.kernel.Kernels;
import io.tarn.index.quantize.QueryTables;
import io.tarn.index.quantize.Rotation;
import java.util.Arrays;
import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;

/** What a search does with codes: a query's tables once, then a block of 64 rows after another. */
@State(Scope.Thread)
@BenchmarkMode(Mode.Throughput)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
public class CodeKernelsBenchmark {
  /**
   * Enough that codes do not stay in the first-level cache, few enough that they do in the next.
   */
  private static final int BLOCKS = 128;

  /** Bits, and floats, of a row. */
  @Param({"128", "784"})
  public int dimension;

  private final CodeKernels kernels = Kernels.codes();
  private final float[] estimates = new float[CodeKernels.BLOCK_ROWS];
  private final float[] lowers = new float[CodeKernels.BLOCK_ROWS];
  private final float[] parameters = new float[CodeKernels.BLOCK_PARAMETERS];
  private float[] query;
  private float[] weights;
  private QueryTables tables;
  private byte[] codes;
  private int pairs;

  @Setup
  public void draw() throws InterruptedException {
    // A query is rotated by plain kernels until the others are compiled.
    Kernels.awaitWarm();
    query = Place.randomFloats(dimension);
    int chunk = CodeKernels.MAX_CHUNK_VALUES;
    weights = Arrays.copyOf(query, (dimension + chunk - 1) / chunk * chunk);
    tables = new QueryTables(new Rotation(dimension), new float[dimension]);
    tables.prepare(query);
    pairs = CodeKernels.pairs(dimension);
    codes = new byte[BLOCKS * blockBytes()];
    float[] drawn = Place.randomFloats(codes.length);
    for (int i = 0; i < codes.length; i++) {
      codes[i] = (byte) Float.floatToIntBits(drawn[i]);
    }
    Arrays.fill(parameters, 1);
  }

  private int blockBytes() {
    return pairs * CodeKernels.PAIR_BYTES + CodeKernels.FACTOR_BYTES;
  }

  /** The bounds of every row, none of them of interest. */
  @Benchmark
  public long scan(Work work) {
    long found = 0;
    for (int block = 0; block < BLOCKS; block++) {
      found |=
          kernels.scanBlock(
              codes,
              block * blockBytes(),
              pairs,
              tables.tables(),
              parameters,
              0,
              0,
              tables.step(),
              tables.bias(),
              1,
              -Float.MAX_VALUE,
              estimates,
              lowers,
              0);
    }
    work.bytes += codes.length;
    work.vectors += (long) BLOCKS * CodeKernels.BLOCK_ROWS;
    return found;
  }

  /** Two bits a value, one row after the other. */
  @Benchmark
  public float estimateOf2Bits(Work work) {
    return estimate(2, work);
  }

  /** Four bits a value. */
  @Benchmark
  public float estimateOf4Bits(Work work) {
    return estimate(4, work);
  }

  /** Eight bits a value. */
  @Benchmark
  public float estimateOf8Bits(Work work) {
    return estimate(8, work);
  }

  private float estimate(int bits, Work work) {
    int rowBytes = CodeKernels.valueBytes(dimension, bits);
    int rows = (codes.length - CodeKernels.CHUNK_PADDING) / rowBytes;
    float sum = 0;
    for (int row = 0; row < rows; row++) {
      sum += kernels.weightedSum(weights, codes, row * rowBytes, dimension, bits);
    }
    work.bytes += (long) rows * rowBytes;
    work.vectors += rows;
    return sum;
  }

  /** Rotating a query and building its tables. */
  @Benchmark
  public byte[] prepareQuery(Work work) {
    tables.prepare(query);
    work.vectors++;
    return tables.tables();
  }
}
