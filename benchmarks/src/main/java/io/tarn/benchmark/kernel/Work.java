package io.tarn.benchmark.kernel;

import org.openjdk.jmh.annotations.AuxCounters;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.State;

/**
 * What a benchmark does in a call, for {@link KernelBenchmarks} to divide by the time: each call
 * adds to what applies, the rest stays 0.
 */
@State(Scope.Thread)
@AuxCounters(AuxCounters.Type.OPERATIONS)
public class Work {
  /** Bytes read. */
  public long bytes;

  /** Vectors looked at. */
  public long vectors;

  /** Floating-point operations; a multiplication with an addition is two. */
  public long flops;
}
