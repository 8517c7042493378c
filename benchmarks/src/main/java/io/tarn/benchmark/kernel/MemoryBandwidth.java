package io.tarn.benchmark.kernel;

import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;

/** How fast one thread reads memory: no scan of what lies there can be faster. */
@State(Scope.Thread)
@BenchmarkMode(Mode.Throughput)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
public class MemoryBandwidth {
  private long[] values;

  /** Fills memory, so that every page of it is there. */
  @Setup
  public void fill() {
    values = new long[Place.MEMORY.bytes / Long.BYTES];
    for (int i = 0; i < values.length; i++) {
      values[i] = i;
    }
  }

  /**
   * Adds all up, in four places at once: one core's prefetching follows several streams, and with a
   * single one memory has been seen to give only two thirds of what it can.
   */
  @Benchmark
  public long readMemory(Work work) {
    long first = 0;
    long second = 0;
    long third = 0;
    long fourth = 0;
    int quarter = values.length / 4;
    for (int i = 0; i < quarter; i++) {
      first += values[i];
      second += values[i + quarter];
      third += values[i + 2 * quarter];
      fourth += values[i + 3 * quarter];
    }
    work.bytes += (long) values.length * Long.BYTES;
    return first + second + third + fourth;
  }
}
