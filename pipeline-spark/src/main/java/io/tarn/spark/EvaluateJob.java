package io.tarn.spark;

import static org.apache.spark.sql.functions.col;
import static org.apache.spark.sql.functions.lit;
import static org.apache.spark.sql.functions.xxhash64;

import io.tarn.index.commit.Committer;
import io.tarn.index.commit.SnapshotLog;
import io.tarn.index.feature.IdType;
import io.tarn.index.snapshot.CalibrationPoint;
import io.tarn.index.snapshot.Snapshot;
import io.tarn.index.storage.Storage;
import io.tarn.index.write.ModelReassigner;
import io.tarn.spark.input.InputSettings;
import io.tarn.spark.input.InputTable;
import io.tarn.spark.input.UnusableInputException;
import io.tarn.spark.input.VectorText;
import io.tarn.spark.neighbours.IndexSample;
import io.tarn.spark.search.TarnIndex;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import org.apache.spark.SparkUserAppException;
import org.apache.spark.sql.Column;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.RowFactory;
import org.apache.spark.sql.SparkSession;
import org.apache.spark.sql.types.ArrayType;
import org.apache.spark.sql.types.DataType;
import org.apache.spark.sql.types.DataTypes;
import org.apache.spark.sql.types.NumericType;
import org.apache.spark.sql.types.StringType;
import org.apache.spark.sql.types.StructType;

/**
 * Measures the recall of an index at several numbers of lists, and records it in the index. The
 * truth is found by exact search; both are searches as {@link TarnIndex#knnJoin} makes them, so
 * that no executor needs to hold the index. A hit no farther than the true k-th is right, as in
 * {@link io.tarn.index.evaluate.RecallEvaluation}.
 */
public final class EvaluateJob {
  private static final String OPERATION = "evaluate";
  private static final String QUERY = "query";
  private static final String SELF = "self";
  private static final String VECTOR = "vector";

  private final SparkSession spark;
  private final EvaluateSettings settings;
  private final LiveIndex index;
  private final Phases phases;

  private EvaluateJob(
      SparkSession spark, EvaluateSettings settings, LiveIndex index, Phases phases) {
    this.spark = spark;
    this.settings = settings;
    this.index = index;
    this.phases = phases;
  }

  /**
   * For spark-submit: {@code [--conf-file FILE] [--set KEY=VALUE]…}; see {@link EvaluateSettings}.
   */
  public static void main(String[] args) throws SparkUserAppException {
    JobMain.run(OPERATION, EvaluateSettings.class, args, EvaluateJob::run);
  }

  /**
   * Measures.
   *
   * @throws UnusableInputException if there is no such index or version, it has no rows, or the
   *     queries cannot be used
   * @throws io.tarn.index.commit.CommitConflictException if the index has another model by now than
   *     the one that was measured
   */
  public static EvaluateResult run(SparkSession spark, EvaluateSettings settings)
      throws IOException {
    Phases phases = new Phases(spark.sparkContext(), OPERATION);
    return Failures.unwrapped(
        () -> {
          LiveIndex index =
              phases.run(
                  "open",
                  () ->
                      LiveIndex.open(
                          spark, settings.index(), settings.version(), settings.timestamp()),
                  opened -> Phases.count(opened.blocks().rows()) + " rows");
          return new EvaluateJob(spark, settings, index, phases).measure();
        });
  }

  private EvaluateResult measure() throws IOException {
    List<Row> rows =
        phases.run(
            "draw queries",
            () -> settings.queries().path().isPresent() ? ofTable() : ofIndex(),
            drawn -> Phases.count(drawn.size()) + " queries");
    Dataset<Row> queries =
        spark.createDataFrame(rows, type()).repartition(spark.sparkContext().defaultParallelism());
    Map<Long, float[]> truth =
        phases.run(
            "exact search",
            () -> distances(queries, "exact", "true"),
            found -> "the truth is known");
    Snapshot snapshot = index.snapshot();
    List<CalibrationPoint> measured = new ArrayList<>();
    for (int nprobe : numbersOfLists(snapshot.model().lists())) {
      measured.add(
          phases.run(
              "nprobe " + nprobe,
              () ->
                  new CalibrationPoint(
                      nprobe,
                      settings.k(),
                      recall(truth, distances(queries, "nprobe", Integer.toString(nprobe)))),
              point -> "recall " + String.format(Locale.ROOT, "%.4f", point.recall())));
    }
    Optional<Long> calibrated =
        settings.calibrate() ? Optional.of(calibrate(measured)) : Optional.empty();
    return new EvaluateResult(
        snapshot.version(),
        rows.size(),
        snapshot.model().lists(),
        measured,
        calibrated,
        phases.seconds());
  }

  private StructType type() {
    DataType id =
        index.snapshot().schema().idType() == IdType.INT64
            ? DataTypes.LongType
            : DataTypes.StringType;
    return new StructType()
        .add(QUERY, DataTypes.LongType, false)
        .add(SELF, id)
        .add(VECTOR, DataTypes.createArrayType(DataTypes.FloatType));
  }

  private List<Row> ofIndex() {
    int dimension = index.snapshot().schema().dimension();
    IndexSample sample =
        IndexSample.draw(
            spark,
            index.location(),
            index.snapshot().version(),
            index.blocks(),
            dimension,
            settings.queries().count(),
            settings.queries().seed());
    List<Row> rows = new ArrayList<>();
    for (int i = 0; i < sample.ids().length; i++) {
      float[] vector = Arrays.copyOfRange(sample.vectors(), i * dimension, (i + 1) * dimension);
      rows.add(RowFactory.create((long) i, sample.ids()[i], vector));
    }
    return rows;
  }

  /** Drawn by their hashes, so that the same are drawn however the table is divided. */
  private List<Row> ofTable() throws IOException {
    EvaluateSettings.Queries queries = settings.queries();
    InputSettings input =
        new InputSettings(
            queries.path().orElseThrow(),
            queries.format(),
            "id",
            queries.vectorColumn(),
            Optional.empty(),
            Optional.empty(),
            List.of(),
            Optional.empty(),
            InputSettings.DEFAULT_MAX_ROW_BYTES);
    Dataset<Row> table = InputTable.open(spark, input).rows();
    checkColumn(table.schema(), queries);
    Column vector = col("`" + queries.vectorColumn().replace("`", "``") + "`");
    boolean text = table.schema().apply(queries.vectorColumn()).dataType() instanceof StringType;
    DataType read = text ? DataTypes.StringType : DataTypes.createArrayType(DataTypes.FloatType);
    List<Row> drawn =
        table
            .select(vector.cast(read).as(VECTOR))
            .orderBy(xxhash64(col(VECTOR), lit(queries.seed())), col(VECTOR))
            .limit(queries.count())
            .collectAsList();
    if (drawn.isEmpty()) {
      throw new UnusableInputException(
          "the table of queries " + queries.path().get() + " has no rows");
    }
    List<Row> rows = new ArrayList<>();
    for (int i = 0; i < drawn.size(); i++) {
      Object value = drawn.get(i).get(0);
      rows.add(RowFactory.create((long) i, null, text ? parsed((String) value) : value));
    }
    return rows;
  }

  private static float[] parsed(String vector) {
    try {
      return vector == null ? null : VectorText.parse(vector);
    } catch (IllegalArgumentException e) {
      throw new UnusableInputException("a query cannot be used: " + e.getMessage(), e);
    }
  }

  private static void checkColumn(StructType table, EvaluateSettings.Queries queries) {
    String name = queries.vectorColumn();
    if (!Arrays.asList(table.fieldNames()).contains(name)) {
      throw new UnusableInputException(
          queries.path().orElseThrow()
              + " has no column '"
              + name
              + "'; its columns are "
              + String.join(", ", table.fieldNames()));
    }
    DataType type = table.apply(name).dataType();
    if (!(type instanceof StringType)
        && !(type instanceof ArrayType array && array.elementType() instanceof NumericType)) {
      throw new UnusableInputException(
          "column '"
              + name
              + "' of "
              + queries.path().get()
              + " has the type "
              + type.simpleString()
              + "; it must be an array of numbers, or text such as [0.5, 2]");
    }
  }

  /** For each query the distances of its nearest neighbours other than itself. */
  private Map<Long, float[]> distances(Dataset<Row> queries, String option, String value) {
    boolean ofIndex = settings.queries().path().isEmpty();
    int k = settings.k() + (ofIndex ? 1 : 0);
    Map<String, String> options =
        Map.of(option, value, "version", Long.toString(index.snapshot().version()));
    List<Row> rows =
        TarnIndex.of(spark, settings.index())
            .knnJoin(queries, VECTOR, k, options)
            .where(ofIndex ? col("neighbour.id").notEqual(col(SELF)) : lit(true))
            .select(QUERY, "distance")
            .collectAsList();
    Map<Long, List<Float>> found = new HashMap<>();
    rows.forEach(
        row -> found.computeIfAbsent(row.getLong(0), q -> new ArrayList<>()).add(row.getFloat(1)));
    Map<Long, float[]> distances = new HashMap<>();
    found.forEach(
        (query, each) -> {
          float[] sorted = new float[each.size()];
          for (int i = 0; i < sorted.length; i++) {
            sorted[i] = each.get(i);
          }
          Arrays.sort(sorted);
          distances.put(query, Arrays.copyOf(sorted, Math.min(sorted.length, settings.k())));
        });
    return distances;
  }

  /** The mean share of hits that are no farther than the last true neighbour. */
  private static double recall(Map<Long, float[]> truth, Map<Long, float[]> found) {
    double shares = 0;
    for (Map.Entry<Long, float[]> query : truth.entrySet()) {
      float[] nearest = query.getValue();
      int right = 0;
      for (float distance : found.getOrDefault(query.getKey(), new float[0])) {
        right += distance <= nearest[nearest.length - 1] ? 1 : 0;
      }
      shares += (double) right / nearest.length;
    }
    return truth.isEmpty() ? 1 : shares / truth.size();
  }

  private List<Integer> numbersOfLists(int lists) {
    if (!settings.nprobe().isEmpty()) {
      return settings.nprobe();
    }
    List<Integer> powers = new ArrayList<>();
    for (int power = 1; power < lists; power *= 2) {
      powers.add(power);
    }
    powers.add(lists);
    return powers;
  }

  private long calibrate(List<CalibrationPoint> measured) throws IOException {
    return phases.run(
        "commit",
        () -> {
          try (Storage storage = index.location().open()) {
            return new Committer(new SnapshotLog(storage), new ModelReassigner(storage))
                .calibrate(index.snapshot().model().id(), measured)
                .version();
          }
        },
        version -> "version " + version);
  }
}
