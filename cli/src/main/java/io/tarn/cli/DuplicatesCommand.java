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
    name = "duplicates",
    header = "Find rows that are duplicates, exact or nearly, with Spark.",
    description = {
      "",
      "Writes Parquet: for each row that has duplicates its id, the smallest id of its group, how",
      "many rows are in the group, and its nearest duplicate with the distance. Duplicates of",
      "duplicates are of one group."
    },
    optionListHeading = "%nOptions:%n",
    sortOptions = false,
    footerHeading = "%nExample:%n",
    footer = {"  ./tarn duplicates --index numbered --max-distance 0.01 --output copies"})
final class DuplicatesCommand implements Callable<Integer> {
  @Spec private CommandSpec spec;
  @Mixin private AnalysisOptions analysis;

  @Option(names = "--output", paramLabel = "DIR", description = "Where the groups go.")
  private String output;

  @Option(
      names = "--max-distance",
      paramLabel = "DISTANCE",
      description = "How far apart duplicates may be: squared l2, or 1 - cosine; 0 if not given.")
  private Double maxDistance;

  @Mixin private SettingsOptions settings;

  @Override
  public Integer call() throws Exception {
    Map<String, Object> flags = new LinkedHashMap<>(analysis.settings());
    flags.put("output", output);
    flags.put("max-distance", maxDistance);
    new SparkAnalysis(spec, analysis.master()).duplicates(settings, flags);
    return Tarn.DONE;
  }
}
