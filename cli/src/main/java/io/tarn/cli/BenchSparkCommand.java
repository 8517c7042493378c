package io.tarn.cli;

import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

@Command(
    name = "spark",
    header = "Measure how fast Spark reads an index, and joins with it.",
    description = {
      "",
      "Reads all live rows as a table, in turn with the same files as plain Parquet; and finds the",
      "neighbours of a table of queries, in turn with as many threads that search the same index",
      "without Spark. What starting Spark takes is not counted."
    },
    optionListHeading = "%nOptions:%n",
    sortOptions = false,
    footerHeading = "%nExample:%n",
    footer = {"  ./tarn bench spark --index numbered --queries queries.fvecs --k 3 --rounds 1"})
final class BenchSparkCommand implements Callable<Integer> {
  @Spec private CommandSpec spec;

  @Option(names = "--index", required = true, paramLabel = "DIR", description = "The index.")
  private Path index;

  @Option(
      names = "--queries",
      paramLabel = "FILE",
      description = {
        "Vectors to search with, as 'evaluate' takes them; without them nothing is joined."
      })
  private Path queries;

  @Option(
      names = "--ground-truth",
      paramLabel = "FILE",
      description = "Their true neighbours, as ivecs; found by exact search if not given.")
  private Path groundTruth;

  @Option(
      names = "--k",
      defaultValue = "10",
      paramLabel = "N",
      converter = AtLeastOne.class,
      description = "How many neighbours to find; ${DEFAULT-VALUE} if not given.")
  private int k;

  @Option(
      names = "--recall",
      defaultValue = "0.95",
      paramLabel = "SHARE",
      description = {
        "Look at as few lists as find this share of the neighbours; ${DEFAULT-VALUE} if not given."
      })
  private double recall;

  @Option(
      names = "--limit",
      defaultValue = "10000",
      paramLabel = "N",
      converter = AtLeastOne.class,
      description = "Take only the first N queries; ${DEFAULT-VALUE} if not given.")
  private int limit;

  @Option(
      names = "--rounds",
      defaultValue = "5",
      paramLabel = "N",
      converter = AtLeastOne.class,
      description = "How often each is timed, after a first time; ${DEFAULT-VALUE} if not given.")
  private int rounds;

  @Override
  public Integer call() throws Exception {
    SparkSpeed speed = new SparkSpeed(spec, index, rounds);
    if (queries == null) {
      speed.read();
      return Tarn.DONE;
    }
    List<float[]> vectors = QueryFile.readVectors(queries, null, "vector", limit);
    speed.readAndJoin(vectors, truth(vectors.size()), k, recall);
    return Tarn.DONE;
  }

  private List<int[]> truth(int count) throws IOException {
    return groundTruth == null ? List.of() : QueryFile.readGroundTruth(groundTruth, count);
  }
}
