package io.tarn.cli;

import java.util.Map;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

@Command(
    name = "embed",
    header = "Turn a table of texts into a table of vectors, with Spark.",
    description = {
      "",
      "Trains Word2Vec on the texts and writes the vectors as Parquet, and the embedder as a file.",
      "'./tarn build' takes both; it can also do all in one, with --text-column."
    },
    optionListHeading = "%nOptions:%n",
    sortOptions = false,
    footerHeading = "%nExample:%n",
    footer = {
      "  ./tarn embed --input products.parquet --text-column description \\",
      "      --output products-vectors --embedder products.embedder"
    })
final class EmbedCommand implements Callable<Integer> {
  @Spec private CommandSpec spec;
  @Mixin private InputOptions input;

  @Option(
      names = "--output",
      paramLabel = "DIR",
      description = "Where the table of ids, vectors and attributes goes.")
  private String output;

  @Option(names = "--embedder", paramLabel = "FILE", description = "Where the embedder goes.")
  private String embedder;

  @Option(
      names = "--dimension",
      paramLabel = "N",
      converter = AtLeastOne.class,
      description = "Values of a vector; 100 if not given.")
  private Integer dimension;

  @Mixin private SettingsOptions settings;

  @Override
  public Integer call() throws Exception {
    Map<String, Object> flags = input.settings();
    flags.put("output", output);
    flags.put("embedder", embedder);
    flags.put("word2vec.dimension", dimension);
    new SparkRun(spec, input.master()).embed(settings, flags);
    return Tarn.DONE;
  }
}
