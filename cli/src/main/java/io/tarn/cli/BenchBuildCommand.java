package io.tarn.cli;

import io.tarn.benchmark.DataSource;
import io.tarn.cli.buildbench.BuildBenchmark;
import io.tarn.cli.buildbench.MllibKMeans;
import io.tarn.cli.local.Cleanup;
import io.tarn.cli.print.Table;
import java.io.IOException;
import java.io.PrintWriter;
import java.lang.management.ManagementFactory;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.Callable;
import picocli.CommandLine.ArgGroup;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

@Command(
    name = "build",
    header = "Measure how long the build job takes, and how good its lists are.",
    description = {
      "",
      "Runs the build job, phase by phase, with Spark in this JVM; then compares its lists with",
      "those of plain k-means, and its time with that of MLlib. See benchmarks/README.md."
    },
    optionListHeading = "%nOptions:%n",
    sortOptions = false,
    footerHeading = "%nExample:%n",
    footer = "  ./tarn bench build --generate n=2000,d=16,clusters=20 --nlist 16 --rounds 1")
final class BenchBuildCommand implements Callable<Integer> {
  @Spec private CommandSpec spec;

  @ArgGroup(multiplicity = "1")
  private Data data;

  /** What to build an index of. */
  static final class Data {
    @Option(
        names = "--data",
        paramLabel = "DIR",
        description = "A folder with vectors, queries and true neighbours, as for bench.")
    private Path folder;

    @Option(
        names = "--generate",
        paramLabel = "SPEC",
        description = "Data drawn from a mixture of Gaussians: n=10000,d=64,clusters=100.")
    private String generated;
  }

  @Option(
      names = "--nlist",
      split = ",",
      required = true,
      paramLabel = "N",
      converter = AtLeastOne.class,
      description = "Numbers of lists.")
  private List<Integer> nlists;

  @Option(
      names = "--rounds",
      defaultValue = "2",
      paramLabel = "N",
      converter = AtLeastOne.class,
      description = {
        "How often each index is built; ${DEFAULT-VALUE} if not given. The first is the first job of",
        "this JVM, which has compiled nothing yet."
      })
  private int rounds;

  @Option(
      names = "--no-quality",
      description = "Do not train lists by plain k-means, which takes long, to compare with.")
  private boolean noQuality;

  @Option(
      names = "--mllib",
      split = ",",
      paramLabel = "SOLVER",
      description = {
        "Do the same with Spark's MLlib too: ${COMPLETION-CANDIDATES}, how it computes distances. Not",
        "done if not given; takes minutes."
      })
  private List<MllibKMeans.Solver> mllib = List.of();

  @Option(
      names = "--queries",
      defaultValue = "1000",
      paramLabel = "N",
      converter = AtLeastOne.class,
      description = "Queries to measure recall with; ${DEFAULT-VALUE} if not given.")
  private int queries;

  @Override
  public Integer call() throws IOException {
    long jvmMs = ManagementFactory.getRuntimeMXBean().getUptime();
    DataSource source = source();
    try (Cleanup cleanup = new Cleanup()) {
      BuildBenchmark benchmark =
          new BuildBenchmark(
              spec.qualifiedName(),
              source.load(queries),
              jvmMs,
              cleanup,
              spec.commandLine().getErr()::println);
      List<Table> tables = benchmark.run(nlists, rounds, !noQuality, mllib);
      PrintWriter out = spec.commandLine().getOut();
      for (Table table : tables) {
        out.println();
        table.print(out);
      }
    }
    return Tarn.DONE;
  }

  private DataSource source() {
    try {
      return data.folder != null
          ? new DataSource.Folder(data.folder)
          : DataSource.Generated.parse(data.generated);
    } catch (IllegalArgumentException e) {
      throw new ParameterException(
          spec.commandLine(), "invalid value for option '--generate': " + e.getMessage(), e);
    }
  }
}
