package io.tarn.cli;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

@Command(
    name = "calibrate",
    header = "Measure the recall of an index of any size, with Spark, and record it in the index.",
    description = {
      "",
      "What 'evaluate --calibrate' does, on executors that need not hold the index. Queries are drawn",
      "from a table, or from the index; the truth is found by exact search."
    },
    optionListHeading = "%nOptions:%n",
    sortOptions = false,
    footerHeading = "%nExamples:%n",
    footer = {
      "  ./tarn calibrate --index photos --count 20 --k 5",
      "  ./tarn calibrate --index numbered --queries queries.fvecs --k 2 --nprobe 1,2 --dry-run"
    })
final class CalibrateCommand implements Callable<Integer> {
  @Spec private CommandSpec spec;
  @Mixin private AnalysisOptions analysis;

  @Option(
      names = "--queries",
      paramLabel = "FILE|DIR",
      description = "A table to draw queries from; they are drawn from the index if not given.")
  private String queries;

  @Option(
      names = "--format",
      paramLabel = "FORMAT",
      description = "Its format, as 'build' takes it; told by its name if not given.")
  private String format;

  @Option(
      names = "--vector-column",
      paramLabel = "NAME",
      description = "Its column of vectors; 'vector' if not given.")
  private String vectorColumn;

  @Option(
      names = "--count",
      paramLabel = "N",
      converter = AtLeastOne.class,
      description = "How many queries are drawn; 1000 if not given.")
  private Integer count;

  @Option(
      names = "--k",
      paramLabel = "N",
      converter = AtLeastOne.class,
      description = "How many neighbours to look for; 10 if not given.")
  private Integer k;

  @Option(
      names = "--nprobe",
      split = ",",
      paramLabel = "N",
      converter = AtLeastOne.class,
      description = "Numbers of lists to look at; the powers of two and all lists if not given.")
  private List<Integer> nprobes;

  @Option(names = "--dry-run", description = "Only measure; the index stays as it is.")
  private boolean dryRun;

  @Mixin private SettingsOptions settings;

  @Override
  public Integer call() throws Exception {
    Map<String, Object> flags = new LinkedHashMap<>(analysis.settings());
    flags.put("queries.path", queries);
    flags.put("queries.format", format == null ? InputOptions.formatOfName(queries) : format);
    flags.put("queries.vector-column", vectorColumn);
    flags.put("queries.count", count);
    flags.put("k", k);
    flags.put("nprobe", nprobes);
    flags.put("calibrate", dryRun ? false : null);
    new SparkAnalysis(spec, analysis.master()).calibrate(settings, flags);
    return Tarn.DONE;
  }
}
