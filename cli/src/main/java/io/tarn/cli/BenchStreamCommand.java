package io.tarn.cli;

import io.tarn.benchmark.DataSource;
import io.tarn.benchmark.Vectors;
import io.tarn.cli.local.Cleanup;
import io.tarn.cli.streambench.Freshness;
import io.tarn.cli.streambench.RecordEncoding;
import io.tarn.cli.streambench.Throughput;
import io.tarn.cli.streambench.Workbench;
import io.tarn.cli.streambench.Workbench.Plan;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.concurrent.Callable;
import picocli.CommandLine.ArgGroup;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

@Command(
    name = "stream",
    header = "Measure how fast the stream job is, and how soon it lets a vector be found.",
    description = {
      "",
      "Writes vectors into a topic of a Kafka broker that it starts in a process of its own, and runs",
      "the stream job in this JVM until all of them are committed, and in the answers of a reader; in",
      "turn with the same job without an index, which tells what Kafka and Flink take themselves.",
      "With --freshness, sends vectors while the job runs. See benchmarks/README.md."
    },
    optionListHeading = "%nOptions:%n",
    sortOptions = false,
    footerHeading = "%nExample:%n",
    footer = {"  ./tarn bench stream --generate n=2000,d=16,clusters=20 --nlist 16 --rounds 1"})
final class BenchStreamCommand implements Callable<Integer> {
  private static final long THROUGHPUT_INTERVAL_MS = 5_000;
  private static final long FRESHNESS_INTERVAL_MS = 1_000;
  private static final int DEFAULT_ROUNDS = 3;

  @Spec private CommandSpec spec;

  @ArgGroup(multiplicity = "1")
  private Data data;

  /** What to stream. */
  static final class Data {
    @Option(
        names = "--data",
        paramLabel = "DIR",
        description = "A folder with vectors, as for bench.")
    private Path folder;

    @Option(
        names = "--generate",
        paramLabel = "SPEC",
        description = "Data drawn from a mixture of Gaussians: n=10000,d=64,clusters=100.")
    private String generated;
  }

  @Option(
      names = "--rows",
      paramLabel = "N",
      converter = AtLeastOne.class,
      description = "Take only the first N vectors.")
  private Integer rows;

  @Option(
      names = "--format",
      defaultValue = "binary",
      paramLabel = "FORMAT",
      description = "How records are written: binary or json; ${DEFAULT-VALUE} if not given.")
  private RecordEncoding format;

  @Option(
      names = "--nlist",
      defaultValue = "1024",
      paramLabel = "N",
      converter = AtLeastOne.class,
      description = "Lists of the index; ${DEFAULT-VALUE} if not given.")
  private int nlist;

  @Option(
      names = "--checkpoint-interval",
      paramLabel = "MS",
      converter = AtLeastOne.class,
      description = "How often the job commits; 5000 if not given, with --freshness 1000.")
  private Integer checkpointIntervalMs;

  @Option(
      names = "--parallelism",
      paramLabel = "N",
      converter = AtLeastOne.class,
      description = {
        "Subtasks of the job and partitions of the topic; as many as there are processors if not",
        "given."
      })
  private Integer parallelism;

  @Option(
      names = "--rounds",
      paramLabel = "N",
      converter = AtLeastOne.class,
      description = "How often each is timed, after a first time; 3 if not given.")
  private Integer rounds;

  @ArgGroup(exclusive = false)
  private Pace pace;

  /** How vectors come, if it is to be seen how soon they are found. */
  static final class Pace {
    @Option(
        names = "--freshness",
        required = true,
        description = {
          "Measure instead how long it takes from the sending of a vector until a search finds it."
        })
    private boolean freshness;

    @Option(
        names = "--rate",
        defaultValue = "5000",
        paramLabel = "N",
        converter = AtLeastOne.class,
        description = "Vectors sent a second; ${DEFAULT-VALUE} if not given.")
    private int rate;

    @Option(
        names = "--seconds",
        defaultValue = "60",
        paramLabel = "N",
        converter = AtLeastOne.class,
        description = "For how long; ${DEFAULT-VALUE} if not given.")
    private int seconds;
  }

  @Override
  public Integer call() throws Exception {
    if (isPaced() && rounds != null) {
      throw new ParameterException(
          spec.commandLine(), "--rounds is not for --freshness, which takes --seconds");
    }
    Vectors vectors = vectors();
    PrintWriter out = spec.commandLine().getOut();
    try (Cleanup cleanup = new Cleanup()) {
      Workbench bench = new Workbench(plan(vectors), cleanup, this::say);
      if (isPaced()) {
        new Freshness(bench).run(pace.rate, pace.seconds, out);
      } else {
        new Throughput(bench).run(rounds == null ? DEFAULT_ROUNDS : rounds, out);
      }
    }
    return Tarn.DONE;
  }

  private boolean isPaced() {
    return pace != null && pace.freshness;
  }

  private Plan plan(Vectors vectors) {
    long intervalMs = isPaced() ? FRESHNESS_INTERVAL_MS : THROUGHPUT_INTERVAL_MS;
    return new Plan(
        vectors,
        vectors.count(),
        format,
        nlist,
        checkpointIntervalMs == null ? intervalMs : checkpointIntervalMs,
        parallelism == null ? Runtime.getRuntime().availableProcessors() : parallelism);
  }

  private void say(String what) {
    spec.commandLine().getErr().println(what);
    spec.commandLine().getErr().flush();
  }

  private Vectors vectors() throws IOException {
    Vectors all = source().load(1).base();
    return rows == null ? all : all.first(rows);
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
