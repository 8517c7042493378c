package io.tarn.cli;

import java.util.Map;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

@Command(
    name = "expire",
    header = "Remove old versions of an index, and files that nothing names.",
    description = {
      "",
      "A version expires when it is neither among the newest nor young enough; the newest never does.",
      "Searches that are pinned to an expired version end with an error that says so."
    },
    optionListHeading = "%nOptions:%n",
    sortOptions = false,
    footerHeading = "%nExample:%n",
    footer = {"  ./tarn expire --index products-index --keep-versions 10 --keep-age 7d"})
final class ExpireCommand implements Callable<Integer> {
  @Option(
      names = "--keep-versions",
      paramLabel = "N",
      converter = AtLeastOne.class,
      description = "So many of the newest versions are kept; 10 if not given.")
  private Integer keepVersions;

  @Option(
      names = "--keep-age",
      paramLabel = "TIME",
      description =
          "Versions are kept until they have been superseded for so long; 7d if not given.")
  private String keepAge;

  @Option(
      names = "--safety-age",
      paramLabel = "TIME",
      description =
          "Files that no version names are removed when they are older; 48h if not given.")
  private String safetyAge;

  @Option(
      names = "--exclusive",
      description = "Nobody else reads or writes the index, so that any age will do.")
  private Boolean exclusive;

  @Mixin private UpkeepOptions options;

  @Override
  public Integer call() throws Exception {
    Map<String, Object> flags = options.flags();
    flags.put("keep-versions", keepVersions);
    flags.put("keep-age", keepAge);
    flags.put("safety-age", safetyAge);
    flags.put("exclusive", exclusive);
    options.commands().expire(flags);
    return Tarn.DONE;
  }
}
