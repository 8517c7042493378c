package io.tarn.spark;

import io.tarn.embedding.Embedder;
import io.tarn.index.centroid.KMeans;
import io.tarn.index.centroid.ListCount;
import io.tarn.index.centroid.Model;
import io.tarn.index.commit.Committer;
import io.tarn.index.commit.IndexExistsException;
import io.tarn.index.commit.NewIndex;
import io.tarn.index.commit.SnapshotLog;
import io.tarn.index.feature.Schema;
import io.tarn.index.format.ChecksummedFile;
import io.tarn.index.format.ModelFile;
import io.tarn.index.quantize.Quantizer;
import io.tarn.index.snapshot.EmbedderRef;
import io.tarn.index.snapshot.SegmentRef;
import io.tarn.index.snapshot.Snapshot;
import io.tarn.index.storage.Storage;
import io.tarn.spark.embed.ContentEmbedding;
import io.tarn.spark.embed.EmbedderFile;
import io.tarn.spark.embed.Word2VecTraining;
import io.tarn.spark.input.ColumnRequest;
import io.tarn.spark.input.InputColumns;
import io.tarn.spark.input.InputTable;
import io.tarn.spark.input.StagedRows;
import io.tarn.spark.input.UnusableInputException;
import io.tarn.spark.rows.Census;
import io.tarn.spark.rows.InputRow;
import io.tarn.spark.rows.NewestRows;
import io.tarn.spark.segment.IndexLocation;
import io.tarn.spark.segment.ListSizes;
import io.tarn.spark.segment.SegmentWrite;
import io.tarn.spark.train.Sample;
import java.io.IOException;
import java.util.List;
import java.util.Optional;
import org.apache.spark.SparkUserAppException;
import org.apache.spark.api.java.JavaRDD;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SparkSession;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Builds an index of a table: trains lists on a sample, assigns every row to one, and writes
 * segments, in the executors; the driver holds the sample and commits.
 *
 * <p>A job that fails leaves no index, only files that no snapshot names.
 */
public final class BuildJob {
  private static final Logger LOG = LoggerFactory.getLogger(BuildJob.class);
  private static final String OPERATION = "build";

  private final SparkSession spark;
  private final BuildSettings settings;
  private final IndexLocation location;
  private final Phases phases;
  private final Screening screening;

  BuildJob(SparkSession spark, BuildSettings settings, IndexLocation location) {
    this.spark = spark;
    this.settings = settings;
    this.location = location;
    this.phases = new Phases(spark.sparkContext(), OPERATION);
    this.screening =
        new Screening(settings.input().path(), settings.rejects(), settings.maxRejectedShare());
  }

  /** For spark-submit: {@code [--conf-file FILE] [--set KEY=VALUE]…}; see {@link BuildSettings}. */
  public static void main(String[] args) throws SparkUserAppException {
    JobMain.run(OPERATION, BuildSettings.class, args, BuildJob::run);
  }

  /**
   * Builds an index.
   *
   * @throws IndexExistsException if there is one already; nothing was read then
   * @throws UnusableInputException if the input cannot be used
   */
  public static BuildResult run(SparkSession spark, BuildSettings settings) throws IOException {
    IndexLocation location = new IndexLocation(spark.sparkContext(), settings.index());
    BuildJob job = new BuildJob(spark, settings, location);
    return job.run(() -> InputTable.open(spark, settings.input()));
  }

  /**
   * Builds an index of a table in the place of the settings' input, of which only what is said of
   * columns counts, and the path as what messages call the table.
   *
   * @param table gives the same rows whenever it is computed
   * @throws IndexExistsException if there is an index already; nothing was read then
   * @throws UnusableInputException if the table cannot be used
   */
  public static BuildResult run(SparkSession spark, BuildSettings settings, Dataset<Row> table)
      throws IOException {
    IndexLocation location = new IndexLocation(spark.sparkContext(), settings.index());
    return new BuildJob(spark, settings, location).run(() -> InputTable.of(table));
  }

  private record Trained(Model model, ListSizes sizes) {}

  /** Opens the input, once it is certain that it will be needed. */
  interface Input {
    InputTable open() throws IOException;
  }

  BuildResult run(Input input) throws IOException {
    return Failures.unwrapped(
        () -> {
          try (Storage storage = location.open()) {
            Optional<Overwritten> old = Overwritten.find(storage, settings);
            screening.check(spark);
            return build(storage, old, input.open());
          }
        });
  }

  private BuildResult build(Storage storage, Optional<Overwritten> old, InputTable table)
      throws IOException {
    long now = System.currentTimeMillis();
    InputColumns columns =
        InputColumns.resolve(
            table,
            old.isPresent()
                ? old.get().columns(settings.input(), now)
                : ColumnRequest.forNewIndex(settings.input(), now));
    StagedRows staged =
        phases.run("read", () -> StagedRows.of(table, columns), rows -> "rows are in place");
    if (staged.isEmpty()) {
      throw new UnusableInputException(settings.input().path() + " is empty: it has no rows");
    }
    Optional<Embedder> embedder = old.isPresent() ? Optional.empty() : embedder(staged);
    Optional<Embedder> embedding =
        old.isPresent() ? old.get().embedder(storage, settings) : embedder;
    JavaRDD<InputRow> rows =
        embedding.isPresent()
            ? ContentEmbedding.embed(staged.rows(), embedding.get())
            : staged.rows();
    Schema schema =
        old.isPresent() ? old.get().schema(staged.attributes()) : schema(staged, embedder);
    Census census = screening.screen(spark, phases, rows, schema, staged.idsToCompare());
    JavaRDD<InputRow> newest =
        census.idsRepeat()
            ? NewestRows.of(spark, rows, staged.codec(), schema, census.bytes())
            : rows;
    Trained trained = train(newest, schema, census);
    Model model = old.isPresent() ? old.get().numbered(trained.model()) : trained.model();
    ListSizes sizes = trained.sizes();
    List<SegmentRef> segments = writeSegments(newest, sizes, model, schema, staged, census);
    Snapshot snapshot =
        phases.run(
            "commit",
            () ->
                old.isPresent()
                    ? old.get().commit(storage, schema, model, segments)
                    : commit(storage, schema, model, embedder, segments),
            committed -> "version " + committed.version());
    return new BuildResult(
        snapshot.version(),
        sizes.features(),
        census.features() - sizes.features(),
        census.rejected(),
        schema.dimension(),
        model.listCount(),
        segments.size(),
        phases.seconds());
  }

  private Optional<Embedder> embedder(StagedRows staged) throws IOException {
    if (settings.embedder().isPresent()) {
      return Optional.of(
          EmbedderFile.read(spark.sparkContext().hadoopConfiguration(), settings.embedder().get()));
    }
    if (settings.input().imageColumn().isPresent()) {
      return Optional.of(settings.pixels().embedder());
    }
    if (settings.input().textColumn().isEmpty()) {
      return Optional.empty();
    }
    return Optional.of(
        phases.run(
            "train embedder",
            () -> Word2VecTraining.train(staged.rows(), settings.word2vec()),
            trained -> trained.dimension() + " dimensions"));
  }

  private Schema schema(StagedRows staged, Optional<Embedder> embedder) {
    int dimension =
        embedder
            .map(Embedder::dimension)
            .or(settings::dimension)
            .orElseGet(
                () ->
                    staged
                        .dimension()
                        .orElseThrow(
                            () ->
                                new UnusableInputException(
                                    "no row of "
                                        + settings.input().path()
                                        + " has a vector in column '"
                                        + settings.input().vectorColumn()
                                        + "'")));
    if (settings.dimension().isPresent() && settings.dimension().get() != dimension) {
      throw new UnusableInputException(
          "the embedder makes vectors of dimension "
              + dimension
              + ", but dimension is set to "
              + settings.dimension().get());
    }
    try {
      return new Schema(staged.idType(), dimension, settings.metric(), staged.attributes());
    } catch (IllegalArgumentException e) {
      throw new UnusableInputException(e.getMessage(), e);
    }
  }

  private int lists(Schema schema, Census census) {
    long fitting = settings.training().maxSampleRows(schema.dimension());
    return settings.nlist().orElseGet(() -> ListCount.byDefault(census.features(), fitting));
  }

  private Sample sample(JavaRDD<InputRow> rows, Schema schema, Census census) throws IOException {
    TrainingSettings training = settings.training();
    int wanted = training.sampleRows(lists(schema, census), schema.dimension());
    return phases.run(
        "sample",
        () -> Sample.draw(rows, schema, census.features(), wanted, training.seed()),
        drawn ->
            Phases.count(drawn.rowCount()) + " of " + Phases.count(drawn.features()) + " rows");
  }

  /** Draws a sample and trains on it; it is large, and not kept while the tasks write. */
  private Trained train(JavaRDD<InputRow> rows, Schema schema, Census census) throws IOException {
    Sample sample = sample(rows, schema, census);
    Model model = train(sample, schema, lists(schema, census));
    return new Trained(model, ListSizes.of(sample, model));
  }

  private Model train(Sample sample, Schema schema, int lists) throws IOException {
    TrainingSettings training = settings.training();
    float[] centroids =
        phases.run(
            "train lists",
            () ->
                KMeans.train(
                    schema.metric(),
                    schema.dimension(),
                    sample.rows(),
                    lists,
                    training.iterations(),
                    training.seed(),
                    Runtime.getRuntime().availableProcessors()),
            trained -> Phases.count(trained.length / schema.dimension()) + " lists");
    Model model =
        Model.of(
            schema.metric(), schema.dimension(), centroids, Quantizer.of(settings.quantizer()));
    if (model.listCount() < lists) {
      LOG.info(
          "The index gets {} lists where {} were wanted: the {} sampled rows have no more"
              + " distinct vectors",
          model.listCount(),
          lists,
          sample.rowCount());
    }
    return model;
  }

  private List<SegmentRef> writeSegments(
      JavaRDD<InputRow> rows,
      ListSizes sizes,
      Model model,
      Schema schema,
      StagedRows staged,
      Census census)
      throws IOException {
    SegmentWrite write =
        new SegmentWrite(location, schema, model, staged.codec(), settings.segmentBytes());
    List<SegmentRef> segments =
        phases.run(
            "write",
            () -> write.write(spark, rows, sizes, census.bytes()),
            written -> Phases.count(written.size()) + " segments");
    SegmentWrite.checkComplete(segments, sizes.features(), sizes.deletes());
    return segments;
  }

  private static Snapshot commit(
      Storage storage,
      Schema schema,
      Model model,
      Optional<Embedder> embedder,
      List<SegmentRef> segments)
      throws IOException {
    EmbedderRef embedderRef = null;
    if (embedder.isPresent()) {
      embedderRef =
          new EmbedderRef(
              embedder.get().kind(),
              embedder.get().fingerprint(),
              ChecksummedFile.writeModel(storage, embedder.get().toBytes(), "embedder"));
    }
    NewIndex index =
        new NewIndex(OPERATION, schema, ModelFile.write(storage, model), embedderRef, segments);
    return Committer.create(new SnapshotLog(storage), index);
  }
}
