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
    name = "maintain",
    header = "Split large lists of an index and dissolve tiny ones, with Spark.",
    description = {
      "",
      "Rows go where they are nearest then. The other lists stay as they are; retrain makes all anew."
    },
    optionListHeading = "%nOptions:%n",
    sortOptions = false,
    footerHeading = "%nExample:%n",
    footer = {"  ./tarn maintain --index products-index --dry-run"})
final class MaintainCommand implements Callable<Integer> {
  @Spec private CommandSpec spec;

  @Option(
      names = "--index",
      paramLabel = "DIR",
      description = "The index: a directory, or a location such as hdfs://host/path.")
  private String index;

  @Option(
      names = "--target-list-rows",
      paramLabel = "N",
      description = "How many live rows a list is meant to have; as in a new build if not given.")
  private Long targetListRows;

  @Option(names = "--dry-run", description = "Say what would be done, and why, and change nothing.")
  private Boolean dryRun;

  @Option(
      names = "--master",
      paramLabel = "URL",
      description = "A Spark cluster, spark://host:port; Spark in this JVM if not given.")
  private String master;

  @Mixin private SettingsOptions settings;

  @Override
  public Integer call() throws Exception {
    Map<String, Object> flags = new LinkedHashMap<>();
    flags.put("index", index);
    flags.put("target-list-rows", targetListRows);
    flags.put("dry-run", dryRun);
    new UpkeepCommands(spec, master).maintain(settings, flags);
    return Tarn.DONE;
  }
}
