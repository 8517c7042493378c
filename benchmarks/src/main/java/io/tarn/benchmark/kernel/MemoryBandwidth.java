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

  /** Adds all up; the compiler makes SIMD of it, and memory is what it waits for. */
  @Benchmark
  public long readMemory(Work work) {
    long sum = 0;
    for (long value : values) {
      sum += value;
    }
    work.bytes += (long) values.length * Long.BYTES;
    return sum;
  }
}
