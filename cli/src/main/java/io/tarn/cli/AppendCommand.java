package io.tarn.cli;

import java.util.Map;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

@Command(
    name = "append",
    header = "Write a table of changes to an index, with Spark.",
    description = {
      "",
      "Every row is an upsert, or a delete if --delete or the op column says so. For one id the",
      "largest order wins, whatever came first: an old row never overwrites a newer one."
    },
    optionListHeading = "%nOptions:%n",
    sortOptions = false,
    footerHeading = "%nExamples:%n",
    footer = {
      "  ./tarn append --input changes.json --index products-index --text-column description",
      "  ./tarn append --input gone.csv --index products-index --delete"
    })
final class AppendCommand implements Callable<Integer> {
  @Spec private CommandSpec spec;

  @Option(
      names = "--index",
      paramLabel = "DIR",
      description = "The index: a directory, hdfs://host/path or s3a://bucket/path.")
  private String index;

  @Mixin private InputOptions input;

  @Option(
      names = "--op-column",
      paramLabel = "NAME",
      description = "The column that says upsert or delete.")
  private String opColumn;

  @Option(names = "--delete", description = "Delete the ids of all rows.")
  private Boolean delete;

  @Mixin private SettingsOptions settings;

  @Override
  public Integer call() throws Exception {
    Map<String, Object> flags = input.settings();
    flags.put("index", index);
    flags.put("op-column", opColumn);
    flags.put("delete", delete);
    new SparkRun(spec, input.master()).append(settings, flags);
    return Tarn.DONE;
  }
}
