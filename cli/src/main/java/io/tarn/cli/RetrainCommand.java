package io.tarn.cli;

import java.util.Map;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

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

  @Option(
      names = "--if-asked",
      description = "Do nothing unless the index asks for it, as a stream does when rows drift.")
  private Boolean ifAsked;

  @Mixin private UpkeepOptions options;

  @Override
  public Integer call() throws Exception {
    Map<String, Object> flags = options.flags();
    flags.put("nlist", nlist);
    flags.put("quantizer", quantizer);
    flags.put("delete-retention", deleteRetention);
    flags.put("if-asked", ifAsked);
    options.commands().retrain(flags);
    return Tarn.DONE;
  }
}
