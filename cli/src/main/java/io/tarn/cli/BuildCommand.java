package io.tarn.cli;

import java.util.Map;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

@Command(
    name = "build",
    header = "Build an index of a table, with Spark.",
    description = {
      "",
      "Trains lists with k-means on a sample, assigns every row, writes Parquet and commits version",
      "1. Texts are embedded with Word2Vec trained on them; the embedder becomes part of the index."
    },
    optionListHeading = "%nOptions:%n",
    sortOptions = false,
    footerHeading = "%nExamples:%n",
    footer = {
      "  ./tarn build --input products.parquet --index products-index --metric cosine \\",
      "      --text-column description --attributes name,price",
      "  ./tarn build --input train-images-idx3-ubyte.gz --format idx --index images --nlist 4"
    })
final class BuildCommand implements Callable<Integer> {
  @Spec private CommandSpec spec;

  @Option(
      names = "--index",
      paramLabel = "DIR",
      description =
          "Where the index is to lie: a directory, hdfs://host/path or s3a://bucket/path.")
  private String index;

  @Mixin private InputOptions input;

  @Option(
      names = "--metric",
      paramLabel = "METRIC",
      description = "l2, cosine or inner_product; l2 if not given.")
  private String metric;

  @Option(
      names = "--quantizer",
      paramLabel = "NAME",
      description =
          "How vectors are coded: rabitq (1 bit a value), rabitq2, rabitq4, rabitq8, int8 or none;"
              + " rabitq if not given. More bits take more memory and read fewer vectors.")
  private String quantizer;

  @Option(
      names = "--nlist",
      paramLabel = "N",
      converter = AtLeastOne.class,
      description = "How many lists; about four times the square root of the rows if not given.")
  private Integer nlist;

  @Option(
      names = "--iterations",
      paramLabel = "N",
      converter = AtLeastOne.class,
      description = "Rounds of k-means; 10 if not given.")
  private Integer iterations;

  @Option(
      names = "--seed",
      paramLabel = "N",
      description = "The same input and seed train the same lists; 42 if not given.")
  private Long seed;

  @Option(
      names = "--embedder",
      paramLabel = "FILE",
      description = "The embedder that './tarn embed' wrote, instead of training one.")
  private String embedder;

  @Mixin private SettingsOptions settings;

  @Override
  public Integer call() throws Exception {
    Map<String, Object> flags = input.settings();
    flags.put("index", index);
    flags.put("metric", metric);
    flags.put("nlist", nlist);
    flags.put("quantizer", quantizer);
    flags.put("training.iterations", iterations);
    flags.put("training.seed", seed);
    flags.put("embedder", embedder);
    new SparkRun(spec, input.master()).build(settings, flags);
    return Tarn.DONE;
  }
}
