package io.tarn.cli;

import io.tarn.benchmark.CommitBenchmark;
import io.tarn.benchmark.CommitResult;
import io.tarn.benchmark.CommitSettings;
import io.tarn.benchmark.DataSource;
import io.tarn.cli.local.Cleanup;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

@Command(
    name = "commits",
    header = "Measure how commits and refreshes depend on rows and versions of the index.",
    description = {
      "",
      "Builds an index of each data set, and commits small segments to a copy of it as the stream job",
      "does, merging included, while a reader that is open refreshes after each. Then adds rows to",
      "another copy, with nothing open, and compares that with building. See benchmarks/README.md."
    },
    optionListHeading = "%nOptions:%n",
    sortOptions = false,
    footerHeading = "%nExample:%n",
    footer = {
      "  ./tarn bench commits --generate n=2000,d=16,clusters=20 --nlist 16 --commits 20 --rows 50 \\",
      "      --versions 100"
    })
final class BenchCommitsCommand implements Callable<Integer> {
  @Spec private CommandSpec spec;

  @Option(
      names = "--data",
      paramLabel = "DIR",
      description = "A folder with vectors, as for bench. Repeatable.")
  private List<Path> folders = List.of();

  @Option(
      names = "--generate",
      paramLabel = "SPEC",
      description = {
        "Data drawn from a mixture of Gaussians: n=100000,d=128,clusters=1000. Repeatable: those with",
        "the same d and clusters are of the same mixture."
      })
  private List<String> generated = List.of();

  @Option(
      names = "--versions",
      split = ",",
      paramLabel = "N",
      converter = AtLeastOne.class,
      description = {
        "Do the same with the index of the first data set after so many versions, made by commits",
        "that bring nothing but positions; some milliseconds each."
      })
  private List<Integer> versions = List.of();

  @Option(
      names = "--nlist",
      defaultValue = "1024",
      paramLabel = "N",
      converter = AtLeastOne.class,
      description = "Lists of all indexes; ${DEFAULT-VALUE} if not given.")
  private int nlist;

  @Option(
      names = "--commits",
      defaultValue = "256",
      paramLabel = "N",
      converter = AtLeastOne.class,
      description = {
        "How many commits are timed of each index, after up to 64 that do not count;",
        "${DEFAULT-VALUE} if not given."
      })
  private int commits;

  @Option(
      names = "--rows",
      defaultValue = "1000",
      paramLabel = "N",
      converter = AtLeastOne.class,
      description = "How many rows each brings; ${DEFAULT-VALUE} if not given.")
  private int rows;

  @Option(
      names = "--work",
      paramLabel = "DIR",
      description = "Keep indexes here for the next run, those of many versions too.")
  private Path work;

  @Option(
      names = "--out",
      paramLabel = "DIR",
      description = "Write commits.json and commits.md into this folder.")
  private Path out;

  @Override
  public Integer call() throws IOException {
    List<DataSource> sources = BenchCommand.sources(spec, folders, generated);
    if (sources.isEmpty()) {
      throw new ParameterException(
          spec.commandLine(), "there is nothing to measure: give --data or --generate");
    }
    PrintWriter err = spec.commandLine().getErr();
    try (Cleanup cleanup = new Cleanup()) {
      Path folder = work == null ? cleanup.temporaryDirectory("tarn-bench-") : work;
      Files.createDirectories(folder);
      CommitResult result =
          CommitBenchmark.run(
              new CommitSettings(sources, versions, nlist, commits, rows, folder),
              said -> {
                err.println(said);
                err.flush();
              });
      PrintWriter answers = spec.commandLine().getOut();
      answers.print(result.describe());
      result.sheets().forEach(sheet -> BenchCommand.print(sheet, answers));
      if (out != null) {
        result.write(out);
        err.println("written to " + out);
      }
    }
    return Tarn.DONE;
  }
}
