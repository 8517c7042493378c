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
    name = "retrain",
    header = "Train the lists of an index anew, with Spark.",
    description = {
      "",
      "Trains on a sample of the live rows, writes all rows again under the new lists, and commits once.",
      "Searches and writers go on meanwhile; what they commit is part of it."
    },
    optionListHeading = "%nOptions:%n",
    sortOptions = false,
    footerHeading = "%nExample:%n",
    footer = {"  ./tarn retrain --index products-index --dry-run"})
final class RetrainCommand implements Callable<Integer> {
  @Spec private CommandSpec spec;

  @Option(
      names = "--index",
      paramLabel = "DIR",
      description = "The index: a directory, or a location such as hdfs://host/path.")
  private String index;

  @Option(
      names = "--nlist",
      paramLabel = "N",
      converter = AtLeastOne.class,
      description = "How many lists; as many as a build would make if not given.")
  private Integer nlist;

  @Option(
      names = "--quantizer",
      paramLabel = "NAME",
      description = "How vectors are coded from then on; as before if not given.")
  private String quantizer;

  @Option(
      names = "--delete-retention",
      paramLabel = "TIME",
      description = "For how long deletes are remembered; 7d if not given.")
  private String deleteRetention;

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
    flags.put("nlist", nlist);
    flags.put("quantizer", quantizer);
    flags.put("delete-retention", deleteRetention);
    flags.put("dry-run", dryRun);
    new UpkeepCommands(spec, master).retrain(settings, flags);
    return Tarn.DONE;
  }
}
