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
    name = "knn-join",
    header = "Find the nearest rows for each row of a table, with Spark.",
    description = {
      "",
      "Writes Parquet: the columns of the queries, the rank and the distance of each neighbour, and",
      "the neighbour's id and attributes. No machine needs to hold the whole index."
    },
    optionListHeading = "%nOptions:%n",
    sortOptions = false,
    footerHeading = "%nExample:%n",
    footer = {
      "  ./tarn knn-join --index numbered --queries queries.fvecs --k 3 --output neighbours"
    })
final class KnnJoinCommand implements Callable<Integer> {
  @Spec private CommandSpec spec;

  @Option(
      names = "--index",
      paramLabel = "DIR",
      description = "The index: a directory, hdfs://host/path or s3a://bucket/path.")
  private String index;

  @Option(
      names = "--queries",
      paramLabel = "FILE|DIR",
      description = "The table of queries: a file, a directory of files, or a pattern with *.")
  private String queries;

  @Option(
      names = "--format",
      paramLabel = "FORMAT",
      description = "Its format, as 'build' takes it; told by its name if not given.")
  private String format;

  @Option(
      names = "--vector-column",
      paramLabel = "NAME",
      description = "The column of vectors; 'vector' if not given.")
  private String vectorColumn;

  @Option(names = "--output", paramLabel = "DIR", description = "Where the neighbours go.")
  private String output;

  @Option(
      names = "--k",
      paramLabel = "N",
      converter = AtLeastOne.class,
      description = "How many neighbours of each query; 10 if not given.")
  private Integer k;

  @Option(
      names = "--nprobe",
      paramLabel = "N",
      converter = AtLeastOne.class,
      description = "How many lists to look at; the square root of all, at least 8, if not given.")
  private Integer nprobe;

  @Option(
      names = "--recall",
      paramLabel = "SHARE",
      description = "Instead: as many lists as this took when the index was calibrated.")
  private Double recall;

  @Option(names = "--exact", description = "Look at all lists.")
  private Boolean exact;

  @Option(
      names = "--filter",
      paramLabel = "CONDITION",
      description = "What neighbours must fulfil, such as 'price < 50'.")
  private String filter;

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
    flags.put("queries.path", queries);
    flags.put("queries.format", format == null ? InputOptions.formatOfName(queries) : format);
    flags.put("queries.vector-column", vectorColumn);
    flags.put("output", output);
    flags.put("k", k);
    flags.put("search.nprobe", nprobe);
    flags.put("search.recall", recall);
    flags.put("search.exact", exact);
    flags.put("search.filter", filter);
    new SparkRun(spec, master).knnJoin(settings, flags);
    return Tarn.DONE;
  }
}
