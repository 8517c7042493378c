package io.tarn.cli;

import io.tarn.benchmark.Benchmark;
import io.tarn.benchmark.BenchmarkResult;
import io.tarn.benchmark.BenchmarkSettings;
import io.tarn.benchmark.DataSetResult;
import io.tarn.benchmark.DataSource;
import io.tarn.benchmark.FilteredSearches;
import io.tarn.benchmark.Peer;
import io.tarn.benchmark.Report;
import io.tarn.benchmark.Results;
import io.tarn.benchmark.kernel.KernelBenchmarks;
import io.tarn.benchmark.open.OpenBenchmark;
import io.tarn.cli.local.Cleanup;
import io.tarn.cli.print.Table;
import io.tarn.cli.print.Table.Align;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.ITypeConverter;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;
import picocli.CommandLine.TypeConversionException;

@Command(
    name = "bench",
    header = "Compare Tarn's recall and speed with other libraries'.",
    description = {
      "",
      "Builds an index of each library from the same data, searches them in turn in this JVM, and",
      "compares the queries per second at equal recall. See benchmarks/README.md for what is",
      "measured and how."
    },
    optionListHeading = "%nOptions:%n",
    sortOptions = false,
    subcommands = {
      BenchBuildCommand.class,
      BenchCommitsCommand.class,
      BenchMovingCommand.class,
      BenchSparkCommand.class,
      BenchStreamCommand.class
    },
    commandListHeading = "%nCommands:%n",
    footerHeading = "%nExamples:%n",
    footer = {
      "  ./tarn bench --generate n=2000,d=16,clusters=20 --nlist 16 --rounds 1",
      "  ./tarn bench build --generate n=2000,d=16,clusters=20 --nlist 16 --rounds 1",
      "  ./tarn bench commits --generate n=2000,d=16,clusters=20 --nlist 16 --commits 20 --rows 50",
      "  ./tarn bench --open photos --rounds 1",
      "  ./tarn bench spark --index numbered --queries queries.fvecs --k 3 --rounds 1",
      "  ./tarn bench stream --generate n=2000,d=16,clusters=20 --nlist 16 --rounds 1"
    })
final class BenchCommand implements Callable<Integer> {
  /** Reads the names of peers. */
  static final class PeerName implements ITypeConverter<Peer> {
    @Override
    public Peer convert(String name) {
      try {
        return Peer.of(name);
      } catch (IllegalArgumentException e) {
        throw new TypeConversionException(e.getMessage());
      }
    }
  }

  private static final int OPEN_NPROBE = 16;

  @Spec private CommandSpec spec;

  @Option(
      names = "--data",
      paramLabel = "DIR",
      description = {
        "A folder with vectors to index (base or train in the file's name), queries (query, test)",
        "and, as ivecs, their true neighbours, which are searched for if not given. Repeatable."
      })
  private List<Path> folders = List.of();

  @Option(
      names = "--generate",
      paramLabel = "SPEC",
      description = {
        "Data drawn from a mixture of Gaussians: n=10000,d=64,clusters=100 and, if it shall not be",
        "1, seed=7. Repeatable."
      })
  private List<String> generated = List.of();

  @Option(
      names = "--peers",
      split = ",",
      paramLabel = "NAME",
      converter = PeerName.class,
      description = "lucene, lucene-int8, lucene-1bit, jvector; none, just Tarn, if not given.")
  private List<Peer> peers = List.of();

  @Option(
      names = "--nlist",
      split = ",",
      paramLabel = "N",
      converter = AtLeastOne.class,
      description = "Numbers of lists of Tarn's indexes; about the square root of n if not given.")
  private List<Integer> nlists = List.of();

  @Option(
      names = "--nprobe",
      split = ",",
      paramLabel = "N",
      converter = AtLeastOne.class,
      description = "Numbers of lists to look at; ever more until recall is 0.998 if not given.")
  private List<Integer> nprobes = List.of();

  @Option(
      names = "--candidates",
      split = ",",
      paramLabel = "N",
      converter = AtLeastOne.class,
      description = "How many candidates the peers collect; likewise if not given.")
  private List<Integer> candidates = List.of();

  @Option(
      names = "--k",
      defaultValue = "10",
      paramLabel = "N",
      converter = AtLeastOne.class,
      description = "How many neighbours to find; ${DEFAULT-VALUE} if not given.")
  private int k;

  @Option(
      names = "--queries",
      defaultValue = "2000",
      paramLabel = "N",
      converter = AtLeastOne.class,
      description = "Take only the first N queries; ${DEFAULT-VALUE} if not given.")
  private int queries;

  @Option(
      names = "--threads",
      defaultValue = "1",
      paramLabel = "N",
      converter = AtLeastOne.class,
      description = "Searches at once; ${DEFAULT-VALUE} if not given.")
  private int threads;

  @Option(
      names = "--rounds",
      defaultValue = "3",
      paramLabel = "N",
      converter = AtLeastOne.class,
      description = "How often each point is timed; ${DEFAULT-VALUE} if not given.")
  private int rounds;

  @Option(
      names = "--growth",
      description = {
        "Show how the time of a query at recall 0.95 grows with rows and lists; of --nlist, what is",
        "too much for a data set is passed over."
      })
  private boolean growth;

  @Option(
      names = "--filters",
      split = ",",
      paramLabel = "SHARE",
      description = {
        "Instead, measure Tarn's searches, and the phases they consist of, with filters that leave",
        "such shares of the rows: 0.01 for one of a hundred, 1 to search without a filter."
      })
  private List<Double> filters = List.of();

  @Option(
      names = "--kernels",
      arity = "0..1",
      fallbackValue = "",
      paramLabel = "PATTERN",
      description = {
        "Instead, measure the loops over vectors one by one beside the speed of memory; only those",
        "whose names contain the pattern if there is one."
      })
  private String kernels;

  @Option(
      names = "--open",
      paramLabel = "INDEX",
      description = {
        "Instead, start a JVM that opens this index and answers one query (--nprobe), as often as",
        "--rounds says, with and without an archive of classes, and show how long that takes."
      })
  private Path open;

  @Option(
      names = "--work",
      paramLabel = "DIR",
      description = "Keep indexes and exact answers here for the next run.")
  private Path work;

  @Option(
      names = "--out",
      paramLabel = "DIR",
      description = "Write results.json, results.md and plots into this folder.")
  private Path out;

  @Override
  public Integer call() throws IOException {
    if (kernels != null) {
      print(runKernels(), spec.commandLine().getOut());
      return Tarn.DONE;
    }
    if (open != null) {
      int nprobe = nprobes.isEmpty() ? OPEN_NPROBE : nprobes.get(0);
      print(OpenBenchmark.run(open, nprobe, rounds), spec.commandLine().getOut());
      return Tarn.DONE;
    }
    List<DataSource> sources = sources();
    checkFilters();
    try (Cleanup cleanup = new Cleanup()) {
      BenchmarkSettings settings =
          new BenchmarkSettings(
              sources,
              peers,
              nlists,
              nprobes,
              candidates,
              k,
              queries,
              threads,
              rounds,
              work == null ? cleanup.temporaryDirectory("tarn-bench") : work,
              growth);
      PrintWriter err = spec.commandLine().getErr();
      if (!filters.isEmpty()) {
        PrintWriter answers = spec.commandLine().getOut();
        FilteredSearches.run(settings, filters, err::println)
            .forEach(sheet -> print(sheet, answers));
        return Tarn.DONE;
      }
      BenchmarkResult result = Benchmark.run(settings, err::println);
      print(result);
      if (out != null) {
        Results.write(result, growth, out);
        err.println("written to " + out);
      }
    }
    return Tarn.DONE;
  }

  private Report.Sheet runKernels() {
    try {
      return KernelBenchmarks.run(kernels);
    } catch (NoClassDefFoundError e) {
      throw new CommandException("JMH is not on the class path: start ./tarn bench", e);
    }
  }

  private void checkFilters() {
    for (double share : filters) {
      if (!(share > 0 && share <= 1)) {
        throw new ParameterException(
            spec.commandLine(),
            "invalid value for option '--filters': " + share + " is not above 0 and at most 1");
      }
    }
    if (!filters.isEmpty() && (!peers.isEmpty() || growth || out != null || threads > 1)) {
      throw new ParameterException(
          spec.commandLine(), "--filters goes with none of --peers, --growth, --threads and --out");
    }
  }

  private List<DataSource> sources() {
    List<DataSource> sources = sources(spec, folders, generated);
    if (sources.isEmpty()) {
      throw new ParameterException(
          spec.commandLine(),
          "there is nothing to measure: give --data, --generate, --kernels or --open");
    }
    return sources;
  }

  /** The data sets that a command is given. */
  static List<DataSource> sources(CommandSpec spec, List<Path> folders, List<String> generated) {
    List<DataSource> sources = new ArrayList<>();
    folders.forEach(folder -> sources.add(new DataSource.Folder(folder)));
    try {
      generated.forEach(mixture -> sources.add(DataSource.Generated.parse(mixture)));
    } catch (IllegalArgumentException e) {
      throw new ParameterException(
          spec.commandLine(), "invalid value for option '--generate': " + e.getMessage(), e);
    }
    return sources;
  }

  private void print(BenchmarkResult result) {
    PrintWriter answers = spec.commandLine().getOut();
    answers.print(Report.describe(result));
    for (DataSetResult data : result.dataSets()) {
      Report.sheets(data).forEach(sheet -> print(sheet, answers));
    }
    if (growth) {
      print(Report.growth(result), answers);
    }
  }

  static void print(Report.Sheet sheet, PrintWriter answers) {
    answers.println();
    answers.println(sheet.title());
    Table table = new Table();
    for (int c = 0; c < sheet.headings().size(); c++) {
      table.column(sheet.headings().get(c), c < sheet.textColumns() ? Align.LEFT : Align.RIGHT);
    }
    sheet.rows().forEach(table::row);
    table.print(answers);
  }
}
