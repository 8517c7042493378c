package io.tarn.cli;

import java.util.LinkedHashMap;
import java.util.Map;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

@Command(
    name = "dbscan",
    header = "Group the rows of an index by density (DBSCAN), with Spark.",
    description = {
      "",
      "Writes Parquet: for each row its id, its cluster (null for noise), whether it is core, border",
      "or noise, and how many rows are within eps, itself counted. A border row is of the cluster of",
      "its nearest core row."
    },
    optionListHeading = "%nOptions:%n",
    sortOptions = false,
    footerHeading = "%nExample:%n",
    footer = {"  ./tarn dbscan --index numbered --eps 3.5 --min-pts 3 --output clusters"})
final class DbscanCommand implements Callable<Integer> {
  @Spec private CommandSpec spec;
  @Mixin private AnalysisOptions analysis;

  @Option(names = "--output", paramLabel = "DIR", description = "Where the clusters go.")
  private String output;

  @Option(
      names = "--eps",
      paramLabel = "DISTANCE",
      description = "How far apart neighbours may be: squared l2, or 1 - cosine.")
  private Double eps;

  @Option(
      names = "--min-pts",
      paramLabel = "N",
      converter = AtLeastOne.class,
      description = "How many rows within eps, itself counted, make a row core; 5 if not given.")
  private Integer minPts;

  @Mixin private SettingsOptions settings;

  @Override
  public Integer call() throws Exception {
    Map<String, Object> flags = new LinkedHashMap<>(analysis.settings());
    flags.put("output", output);
    flags.put("eps", eps);
    flags.put("min-pts", minPts);
    new SparkAnalysis(spec, analysis.master()).dbscan(settings, flags);
    return Tarn.DONE;
  }
}
