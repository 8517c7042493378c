package io.tarn.benchmark.kernel;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.tarn.benchmark.BenchmarkException;
import io.tarn.benchmark.Report.Sheet;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.openjdk.jmh.runner.options.ChainedOptionsBuilder;
import org.openjdk.jmh.runner.options.OptionsBuilder;
import org.openjdk.jmh.runner.options.TimeValue;
import org.openjdk.jmh.runner.options.VerboseMode;

class KernelBenchmarksTest {
  /** Enough to see that benchmarks run, and for no figure. */
  private static ChainedOptionsBuilder hasty() {
    return new OptionsBuilder()
        .forks(0)
        .warmupIterations(0)
        .measurementIterations(1)
        .measurementTime(TimeValue.milliseconds(10))
        .verbosity(VerboseMode.SILENT);
  }

  @Test
  void eachKernelIsReportedBesideTheMemory() {
    Sheet sheet = KernelBenchmarks.run("nearest", hasty());
    assertThat(sheet.title()).matches("Kernels, one thread; memory is read at \\d+\\.\\d GB/s");
    assertThat(sheet.rows())
        .extracting(row -> List.of(row.get(0), row.get(1)))
        .containsExactlyInAnyOrder(
            List.of("nearest", "dimension 128"),
            List.of("nearest", "dimension 784"),
            List.of("readMemory", ""));
    for (List<String> row : sheet.rows()) {
      boolean memory = row.get(0).equals("readMemory");
      assertThat(row.get(memory ? 3 : 5)).as("%s", row).matches("[\\d.]+").isNotEqualTo("0.0");
      assertThat(row.get(memory ? 5 : 3)).as("%s", row).isEqualTo("–");
    }
  }

  @Test
  void aNameThatNoBenchmarkHasIsRefused() {
    assertThatThrownBy(() -> KernelBenchmarks.run("fastest", hasty()))
        .isInstanceOf(BenchmarkException.class)
        .hasMessage("no benchmark of a kernel has 'fastest' in its name");
  }
}
