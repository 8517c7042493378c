package io.tarn.spark;

import io.tarn.index.centroid.ListCount;
import io.tarn.index.feature.Metric;
import io.tarn.index.feature.Schema;
import io.tarn.index.quantize.Quantizer;
import io.tarn.spark.advise.Advice;
import io.tarn.spark.advise.Advisor;
import io.tarn.spark.advise.Candidate;
import io.tarn.spark.input.ColumnRequest;
import io.tarn.spark.input.InputColumns;
import io.tarn.spark.input.InputSettings;
import io.tarn.spark.input.InputTable;
import io.tarn.spark.input.StagedRows;
import io.tarn.spark.input.UnusableInputException;
import io.tarn.spark.neighbours.IndexSample;
import io.tarn.spark.rows.Census;
import io.tarn.spark.train.Sample;
import java.io.IOException;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import org.apache.spark.SparkUserAppException;
import org.apache.spark.sql.SparkSession;

/**
 * Says which settings suit the vectors of a table, or of an index: builds indexes of a sample with
 * several numbers of lists, quantizers and dimensions, measures their recall, their bytes and what
 * a search reads, and recommends the cheapest that does what is wanted; see {@link Advisor}.
 */
public final class AdviseJob {
  private static final String OPERATION = "advise";

  /** With fewer rows of the sample a centroid is the mean of too little to mean anything. */
  private static final int MIN_ROWS_PER_LIST = 8;

  private AdviseJob() {}

  /** Vectors to measure with, in random order, and how many there are of their kind. */
  private record Data(Metric metric, int dimension, long rows, float[] sample) {
    int sampleRows() {
      return sample.length / dimension;
    }
  }

  /**
   * For spark-submit: {@code [--conf-file FILE] [--set KEY=VALUE]…}; see {@link AdviseSettings}.
   */
  public static void main(String[] args) throws SparkUserAppException {
    JobMain.run(OPERATION, AdviseSettings.class, args, AdviseJob::run);
  }

  /**
   * Measures and recommends.
   *
   * @throws UnusableInputException if the table or the index cannot be used, has too few rows, or a
   *     candidate does not fit them
   */
  public static AdviseResult run(SparkSession spark, AdviseSettings settings) throws IOException {
    Phases phases = new Phases(spark.sparkContext(), OPERATION);
    return Failures.unwrapped(
        () -> {
          Data data =
              phases.run(
                  "sample",
                  () ->
                      settings.input().isPresent()
                          ? ofTable(spark, settings, settings.input().get())
                          : ofIndex(spark, settings),
                  drawn ->
                      Phases.count(drawn.sampleRows())
                          + " of "
                          + Phases.count(drawn.rows())
                          + " rows");
          int queries = Math.min(settings.queries(), data.sampleRows() / 2);
          if (queries == 0) {
            throw new UnusableInputException(
                "there are " + data.rows() + " rows, too few to measure anything with");
          }
          List<Candidate> candidates = candidates(settings, data, data.sampleRows() - queries);
          Advisor advisor =
              new Advisor(
                  spark,
                  data.metric(),
                  data.dimension(),
                  settings.k(),
                  settings.recall(),
                  settings.seed());
          List<Advice> advice =
              phases.run(
                  "measure",
                  () -> advisor.measure(candidates, data.sample(), queries, data.rows()),
                  measured -> Phases.count(measured.size()) + " candidates");
          return result(settings, data, advisor, advice, data.sampleRows() - queries, phases);
        });
  }

  private static AdviseResult result(
      AdviseSettings settings,
      Data data,
      Advisor advisor,
      List<Advice> advice,
      int sampleRows,
      Phases phases) {
    boolean mapped = settings.vectors() == AdviseSettings.Vectors.MAPPED;
    List<Advice> full =
        advice.stream().filter(a -> a.candidate().dimension() == data.dimension()).toList();
    List<Advice> fewer =
        advice.stream().filter(a -> a.candidate().dimension() < data.dimension()).toList();
    Optional<Advice> recommended = advisor.best(full, settings.maxBytesPerRow(), mapped);
    Optional<Advice> reduced =
        advisor
            .best(fewer, settings.maxBytesPerRow(), mapped)
            .filter(
                best ->
                    recommended.isEmpty() || best.queryBytes() < recommended.get().queryBytes());
    return new AdviseResult(
        data.rows(), sampleRows, data.dimension(), advice, recommended, reduced, phases.seconds());
  }

  private static Data ofTable(SparkSession spark, AdviseSettings settings, InputSettings input)
      throws IOException {
    InputTable table = InputTable.open(spark, input);
    InputColumns columns =
        InputColumns.resolve(table, ColumnRequest.forNewIndex(input, System.currentTimeMillis()));
    StagedRows staged = StagedRows.of(table, columns);
    int dimension =
        staged
            .dimension()
            .orElseThrow(
                () ->
                    new UnusableInputException(
                        "no row of "
                            + input.path()
                            + " has a vector in column '"
                            + input.vectorColumn()
                            + "'"));
    Schema schema = new Schema(staged.idType(), dimension, settings.metric(), List.of());
    Census census = Census.take(staged.rows(), schema, 0);
    Sample sample =
        Sample.draw(
            staged.rows(), schema, census.features(), settings.sampleRows(), settings.seed());
    return new Data(settings.metric(), dimension, sample.features(), sample.rows());
  }

  private static Data ofIndex(SparkSession spark, AdviseSettings settings) throws IOException {
    LiveIndex index =
        LiveIndex.open(spark, settings.index().orElseThrow(), Optional.empty(), Optional.empty());
    Schema schema = index.snapshot().schema();
    IndexSample sample =
        IndexSample.draw(
            spark,
            index.location(),
            index.snapshot().version(),
            index.blocks(),
            schema.dimension(),
            settings.sampleRows(),
            settings.seed());
    return new Data(schema.metric(), schema.dimension(), index.blocks().rows(), sample.vectors());
  }

  private static List<Candidate> candidates(AdviseSettings settings, Data data, int rows) {
    List<Integer> dimensions = settings.dimension();
    if (dimensions.isEmpty()) {
      int all = data.dimension();
      dimensions = all < 8 ? List.of(all) : List.of(all, all / 2, all / 4);
    }
    for (int dimension : dimensions) {
      if (dimension > data.dimension()) {
        throw new UnusableInputException(
            "dimension " + dimension + " is more than the vectors have: " + data.dimension());
      }
    }
    List<String> quantizers =
        settings.quantizer().isEmpty()
            ? Quantizer.all().stream().map(Quantizer::type).toList()
            : settings.quantizer();
    List<Candidate> candidates = new ArrayList<>();
    for (int dimension : new LinkedHashSet<>(dimensions)) {
      for (int nlist : numbersOfLists(settings, data, rows)) {
        for (String quantizer : new LinkedHashSet<>(quantizers)) {
          candidates.add(new Candidate(nlist, quantizer, dimension));
        }
      }
    }
    return candidates;
  }

  private static Set<Integer> numbersOfLists(AdviseSettings settings, Data data, int rows) {
    if (!settings.nlist().isEmpty()) {
      for (int nlist : settings.nlist()) {
        if (nlist > rows / MIN_ROWS_PER_LIST) {
          throw new UnusableInputException(
              "nlist "
                  + nlist
                  + " cannot be measured with "
                  + rows
                  + " rows, fewer than "
                  + MIN_ROWS_PER_LIST
                  + " a list: raise sample-rows");
        }
      }
      return new LinkedHashSet<>(settings.nlist());
    }
    int usual =
        ListCount.byDefault(data.rows(), TrainingSettings.defaultMaxSampleRows(data.dimension()));
    Set<Integer> numbers = new LinkedHashSet<>();
    for (int nlist : new int[] {usual / 4, usual / 2, usual, 2 * usual}) {
      numbers.add(Math.max(1, Math.min(nlist, rows / MIN_ROWS_PER_LIST)));
    }
    return numbers;
  }
}
