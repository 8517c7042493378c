package io.tarn.cli;

import io.tarn.benchmark.DataSource;
import io.tarn.benchmark.MovingData;
import io.tarn.cli.local.Cleanup;
import io.tarn.cli.streambench.Moving;
import io.tarn.cli.streambench.Moving.Course;
import io.tarn.cli.streambench.RecordEncoding;
import io.tarn.cli.streambench.Workbench;
import io.tarn.cli.streambench.Workbench.Plan;
import io.tarn.index.centroid.ListCount;
import java.nio.file.Path;
import java.util.List;
import java.util.TreeSet;
import java.util.concurrent.Callable;
import picocli.CommandLine.ArgGroup;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

@Command(
    name = "moving",
    header = "Show what maintenance is worth where a stream moves away from what was trained on.",
    description = {
      "",
      "Orders vectors by clusters, trains the lists of an index on the first tenth, and streams all",
      "into it: once with the job's maintenance, once without. Then compares what searches find in",
      "both, and what they scan for it, with an index that is built anew from what has come, with as",
      "many lists as the first of them has. See benchmarks/README.md."
    },
    optionListHeading = "%nOptions:%n",
    sortOptions = false,
    footerHeading = "%nExample:%n",
    footer = {
      "  ./tarn bench moving --generate n=2000,d=8,clusters=10 --clusters 10 --nlist 4 \\",
      "      --queries 50 --nprobe 4 --rate 2000 --lists-interval 500"
    })
final class BenchMovingCommand implements Callable<Integer> {
  private static final int K = 10;
  private static final int ALL_PERCENT = 100;

  /** Of the rows, lists are trained on one in so many. */
  private static final int TRAINED_PART = 10;

  @Spec private CommandSpec spec;

  @ArgGroup(multiplicity = "1")
  private Data data;

  /** What to stream, and to search with. */
  static final class Data {
    @Option(
        names = "--data",
        paramLabel = "DIR",
        description = "A folder with vectors and queries, as for bench.")
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
      names = "--clusters",
      defaultValue = "100",
      paramLabel = "N",
      converter = AtLeastOne.class,
      description = "Clusters to order vectors by; ${DEFAULT-VALUE} if not given.")
  private int clusters;

  @Option(
      names = "--nlist",
      paramLabel = "N",
      converter = AtLeastOne.class,
      description = "Lists to begin with; what a build of the first tenth has if not given.")
  private Integer nlist;

  @Option(
      names = "--nprobe",
      split = ",",
      defaultValue = "8,16,32",
      paramLabel = "N",
      converter = AtLeastOne.class,
      description = "Numbers of lists to look at; ${DEFAULT-VALUE} if not given.")
  private List<Integer> nprobes;

  @Option(
      names = "--queries",
      defaultValue = "1000",
      paramLabel = "N",
      converter = AtLeastOne.class,
      description = "Take only the first N queries; ${DEFAULT-VALUE} if not given.")
  private int queries;

  @Option(
      names = "--at",
      split = ",",
      defaultValue = "10,25,50,100",
      paramLabel = "PERCENT",
      converter = AtLeastOne.class,
      description = {
        "After which parts of the stream to compare, beside its end; ${DEFAULT-VALUE} if not given."
      })
  private List<Integer> percents;

  @Option(
      names = "--rate",
      defaultValue = "5000",
      paramLabel = "N",
      converter = AtLeastOne.class,
      description = {
        "Vectors sent a second; ${DEFAULT-VALUE} if not given. Without maintenance they are sent as",
        "fast as they are taken: what comes of it depends on their order alone."
      })
  private int rate;

  @Option(
      names = "--lists-interval",
      defaultValue = "60000",
      paramLabel = "MS",
      converter = AtLeastOne.class,
      description = "The job's maintenance.lists-interval-ms; ${DEFAULT-VALUE} if not given.")
  private int listsIntervalMs;

  @Option(
      names = "--rest",
      defaultValue = "600",
      paramLabel = "SECONDS",
      converter = AtLeastOne.class,
      description = {
        "How long at most, after the end of the stream, until nothing is left to do for maintenance;",
        "${DEFAULT-VALUE} if not given."
      })
  private int restSeconds;

  @Option(
      names = "--checkpoint-interval",
      defaultValue = "1000",
      paramLabel = "MS",
      converter = AtLeastOne.class,
      description = "How often the job commits; ${DEFAULT-VALUE} if not given.")
  private int checkpointIntervalMs;

  @Option(
      names = "--parallelism",
      paramLabel = "N",
      converter = AtLeastOne.class,
      description = {
        "Subtasks of the job and partitions of the topic; as many as there are processors if not",
        "given."
      })
  private Integer parallelism;

  @Override
  public Integer call() throws Exception {
    TreeSet<Integer> points = new TreeSet<>(percents);
    points.add(ALL_PERCENT);
    if (points.last() > ALL_PERCENT) {
      throw new ParameterException(
          spec.commandLine(),
          "invalid value for option '--at': " + points.last() + " is more than 100 percent");
    }
    DataSource source =
        BenchCommand.sources(
                spec,
                data.folder == null ? List.of() : List.of(data.folder),
                data.generated == null ? List.of() : List.of(data.generated))
            .get(0);
    MovingData moving =
        MovingData.of(source.load(queries), rows == null ? Integer.MAX_VALUE : rows, clusters, K);
    int trainedOn = Math.max(1, moving.rows().count() / TRAINED_PART);
    Plan plan =
        new Plan(
            moving.rows(),
            trainedOn,
            RecordEncoding.BINARY,
            nlist == null ? ListCount.byDefault(trainedOn, trainedOn) : nlist,
            checkpointIntervalMs,
            parallelism == null ? Runtime.getRuntime().availableProcessors() : parallelism);
    try (Cleanup cleanup = new Cleanup()) {
      Course course = new Course(List.copyOf(points), nprobes, rate, listsIntervalMs, restSeconds);
      Workbench bench = new Workbench(plan, cleanup, this::say);
      new Moving(bench, moving, course, cleanup.temporaryDirectory("tarn-bench-stream-"))
          .run(spec.commandLine().getOut());
    }
    return Tarn.DONE;
  }

  private void say(String what) {
    spec.commandLine().getErr().println(what);
    spec.commandLine().getErr().flush();
  }
}
