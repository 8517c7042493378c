package io.tarn.cli;

import java.util.Map;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

@Command(
    name = "compact",
    header = "Merge small segments of an index and leave out dead rows, with Spark.",
    description = {
      "",
      "Which rows are live does not change. Superseded and deleted rows are left out, and deletes whose",
      "retention is over. Their bytes are gone once the versions before have expired: see expire."
    },
    optionListHeading = "%nOptions:%n",
    sortOptions = false,
    footerHeading = "%nExample:%n",
    footer = {"  ./tarn compact --index products-index --delete-retention 30d"})
final class CompactCommand implements Callable<Integer> {
  @Option(
      names = "--delete-retention",
      paramLabel = "TIME",
      description = "For how long deletes are remembered; 7d if not given.")
  private String deleteRetention;

  @Option(
      names = "--max-dead-share",
      paramLabel = "SHARE",
      description = "Of what share of dead rows on a segment is written anew; 0.25 if not given.")
  private Double maxDeadShare;

  @Option(names = "--all", description = "Write all segments anew.")
  private Boolean all;

  @Mixin private UpkeepOptions options;

  @Override
  public Integer call() throws Exception {
    Map<String, Object> flags = options.flags();
    flags.put("delete-retention", deleteRetention);
    flags.put("max-dead-share", maxDeadShare);
    flags.put("all", all);
    options.commands().compact(flags);
    return Tarn.DONE;
  }
}
