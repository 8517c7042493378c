package io.tarn.cli;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

@Command(
    name = "advise",
    header = "Measure which settings of an index suit some vectors, with Spark.",
    description = {
      "",
      "Builds indexes of a sample with several numbers of lists, quantizers and dimensions, searches",
      "them, and recommends the one whose searches read the least of those that find enough. Bytes",
      "and scanned rows are stated for all rows; the recall is that of the sample."
    },
    optionListHeading = "%nOptions:%n",
    sortOptions = false,
    footerHeading = "%nExamples:%n",
    footer = {
      "  ./tarn advise --index photos --recall 0.9 --k 3 --set queries=5",
      "  ./tarn advise --input train-images-idx3-ubyte.gz --nlist 2,4 --quantizer rabitq,int8"
          + " --k 3 --set queries=5"
    })
final class AdviseCommand implements Callable<Integer> {
  @Spec private CommandSpec spec;

  @Option(
      names = "--input",
      paramLabel = "FILE|DIR",
      description = "The table to build an index of: a file, a directory, or a pattern with *.")
  private String input;

  @Option(
      names = "--format",
      paramLabel = "FORMAT",
      description = "Its format, as 'build' takes it; told by its name if not given.")
  private String format;

  @Option(
      names = "--id-column",
      paramLabel = "NAME",
      description = "Its column of ids; 'id' if not given.")
  private String idColumn;

  @Option(
      names = "--vector-column",
      paramLabel = "NAME",
      description = "Its column of vectors; 'vector' if not given.")
  private String vectorColumn;

  @Option(
      names = "--index",
      paramLabel = "DIR",
      description = "Instead: an index, whose rows and metric are taken.")
  private String index;

  @Option(
      names = "--metric",
      paramLabel = "METRIC",
      description = "l2, cosine or inner_product, for a table; l2 if not given.")
  private String metric;

  @Option(
      names = "--recall",
      paramLabel = "SHARE",
      description = "The share of true neighbours to find; 0.95 if not given.")
  private Double recall;

  @Option(
      names = "--k",
      paramLabel = "N",
      converter = AtLeastOne.class,
      description = "How many neighbours searches look for; 10 if not given.")
  private Integer k;

  @Option(
      names = "--max-bytes-per-row",
      paramLabel = "BYTES",
      description = "The most memory that a row may take.")
  private Double maxBytesPerRow;

  @Option(
      names = "--vectors",
      paramLabel = "WHERE",
      description = "Where vectors are going to be, memory or mapped; memory if not given.")
  private String vectors;

  @Option(
      names = "--sample-rows",
      paramLabel = "N",
      converter = AtLeastOne.class,
      description = "How many rows to measure with; 20000 if not given.")
  private Integer sampleRows;

  @Option(
      names = "--nlist",
      split = ",",
      paramLabel = "N",
      converter = AtLeastOne.class,
      description = "Numbers of lists to try.")
  private List<Integer> nlists;

  @Option(
      names = "--quantizer",
      split = ",",
      paramLabel = "NAME",
      description = "Quantizers to try; all if not given.")
  private List<String> quantizers;

  @Option(
      names = "--dimension",
      split = ",",
      paramLabel = "N",
      converter = AtLeastOne.class,
      description = "Dimensions to try; all, a half and a quarter if not given.")
  private List<Integer> dimensions;

  @Option(
      names = "--master",
      paramLabel = "URL",
      description = "A Spark cluster, spark://host:port; Spark in this JVM if not given.")
  private String master;

  @Mixin private SettingsOptions settings;

  @Override
  public Integer call() throws Exception {
    Map<String, Object> flags = new LinkedHashMap<>();
    flags.put("input.path", input);
    flags.put("input.format", format == null ? InputOptions.formatOfName(input) : format);
    flags.put("input.id-column", idColumn);
    flags.put("input.vector-column", vectorColumn);
    flags.put("index", index);
    flags.put("metric", metric);
    flags.put("recall", recall);
    flags.put("k", k);
    flags.put("max-bytes-per-row", maxBytesPerRow);
    flags.put("vectors", vectors);
    flags.put("sample-rows", sampleRows);
    flags.put("nlist", nlists);
    flags.put("quantizer", quantizers);
    flags.put("dimension", dimensions);
    new SparkAnalysis(spec, master).advise(settings, flags);
    return Tarn.DONE;
  }
}
