package io.tarn.benchmark.kernel;

import io.tarn.benchmark.BenchmarkException;
import io.tarn.benchmark.Report;
import io.tarn.benchmark.Report.Sheet;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.stream.Collectors;
import org.openjdk.jmh.infra.BenchmarkParams;
import org.openjdk.jmh.results.Result;
import org.openjdk.jmh.results.RunResult;
import org.openjdk.jmh.runner.Runner;
import org.openjdk.jmh.runner.RunnerException;
import org.openjdk.jmh.runner.options.ChainedOptionsBuilder;
import org.openjdk.jmh.runner.options.OptionsBuilder;
import org.openjdk.jmh.runner.options.TimeValue;

/**
 * Runs the benchmarks of this package, each in a JVM of its own with this one's flags.
 *
 * <p>To add one: a class here with JMH's annotations in throughput mode and nanoseconds, whose
 * methods take {@link Work} and add to it what they did; it is found by itself.
 */
public final class KernelBenchmarks {
  private static final String BANDWIDTH = "readMemory";
  private static final int WARM_UPS = 3;
  private static final int MEASUREMENTS = 5;

  private KernelBenchmarks() {}

  /**
   * Runs benchmarks, which takes some ten seconds for each, and reports what they did a second.
   *
   * @param pattern a regular expression that the names of classes and methods to run contain; that
   *     of the memory's bandwidth always runs
   * @throws BenchmarkException if there is none of that name
   */
  public static Sheet run(String pattern) {
    return run(
        pattern,
        new OptionsBuilder()
            .forks(1)
            .warmupIterations(WARM_UPS)
            .warmupTime(TimeValue.seconds(1))
            .measurementIterations(MEASUREMENTS)
            .measurementTime(TimeValue.seconds(1)));
  }

  static Sheet run(String pattern, ChainedOptionsBuilder options) {
    String here = "^" + KernelBenchmarks.class.getPackageName().replace(".", "\\.") + "\\.";
    Collection<RunResult> results;
    try {
      results =
          new Runner(
                  options
                      .include(here + ".*" + BANDWIDTH)
                      .include(here + ".*(" + pattern + ")")
                      .shouldFailOnError(true)
                      .build())
              .run();
    } catch (RunnerException e) {
      throw new BenchmarkException("the benchmarks failed: " + e.getMessage(), e);
    }
    if (results.size() == 1 && !BANDWIDTH.matches(".*(" + pattern + ").*")) {
      throw new BenchmarkException("no benchmark of a kernel has '" + pattern + "' in its name");
    }
    return sheet(results);
  }

  private static Sheet sheet(Collection<RunResult> results) {
    double bandwidth =
        results.stream()
            .filter(result -> name(result).equals(BANDWIDTH))
            .mapToDouble(result -> perNano(result, "bytes"))
            .findFirst()
            .orElseThrow();
    List<List<String>> rows = new ArrayList<>();
    for (RunResult result : results) {
      double bytes = perNano(result, "bytes");
      double vectors = perNano(result, "vectors");
      double flops = perNano(result, "flops");
      rows.add(
          List.of(
              name(result),
              parameters(result.getParams()),
              Report.number("%.2f", 1 / vectors),
              Report.number("%.1f", bytes),
              Report.number("%.2f", bytes / bandwidth),
              Report.number("%.1f", flops)));
    }
    return new Sheet(
        "Kernels, one thread; memory is read at " + Report.number("%.1f GB/s", bandwidth),
        2,
        List.of("kernel", "with", "ns/vector", "GB/s", "× bandwidth", "GFLOP/s"),
        rows);
  }

  private static String name(RunResult result) {
    String name = result.getParams().getBenchmark();
    return name.substring(name.lastIndexOf('.') + 1);
  }

  private static String parameters(BenchmarkParams params) {
    return params.getParamsKeys().stream()
        .map(key -> key + " " + params.getParam(key))
        .collect(Collectors.joining(", "));
  }

  /** How much of something was done in a nanosecond; not a number if none of it was. */
  private static double perNano(RunResult result, String what) {
    Result<?> counter = result.getSecondaryResults().get(what);
    return counter == null || counter.getScore() == 0 ? Double.NaN : counter.getScore();
  }
}
