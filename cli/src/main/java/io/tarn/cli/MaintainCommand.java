package io.tarn.cli;

import java.util.Map;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

@Command(
    name = "maintain",
    header = "Split large lists of an index and dissolve tiny ones, with Spark.",
    description = {
      "",
      "Lists around those that are split move to where rows are. Rows go where they are nearest then.",
      "The other lists stay as they are; retrain makes all anew."
    },
    optionListHeading = "%nOptions:%n",
    sortOptions = false,
    footerHeading = "%nExample:%n",
    footer = {"  ./tarn maintain --index products-index --dry-run"})
final class MaintainCommand implements Callable<Integer> {
  @Option(
      names = "--target-list-rows",
      paramLabel = "N",
      description = "How many live rows a list is meant to have; as in a new build if not given.")
  private Long targetListRows;

  @Mixin private UpkeepOptions options;

  @Override
  public Integer call() throws Exception {
    Map<String, Object> flags = options.flags();
    flags.put("target-list-rows", targetListRows);
    options.commands().maintain(flags);
    return Tarn.DONE;
  }
}
