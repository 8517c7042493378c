package io.tarn.spark;

import io.tarn.embedding.Embedder;
import io.tarn.embedding.Embedders;
import io.tarn.index.centroid.Model;
import io.tarn.index.commit.Committer;
import io.tarn.index.commit.SnapshotLog;
import io.tarn.index.feature.Schema;
import io.tarn.index.format.ChecksummedFile;
import io.tarn.index.format.ModelFile;
import io.tarn.index.snapshot.Change;
import io.tarn.index.snapshot.EmbedderRef;
import io.tarn.index.snapshot.SegmentRef;
import io.tarn.index.snapshot.Snapshot;
import io.tarn.index.storage.Storage;
import io.tarn.index.write.ModelReassigner;
import io.tarn.spark.embed.ContentEmbedding;
import io.tarn.spark.input.ColumnRequest;
import io.tarn.spark.input.InputColumns;
import io.tarn.spark.input.InputTable;
import io.tarn.spark.input.StagedRows;
import io.tarn.spark.input.UnusableInputException;
import io.tarn.spark.rows.Census;
import io.tarn.spark.rows.InputRow;
import io.tarn.spark.rows.NewestRows;
import io.tarn.spark.rows.RowCodec;
import io.tarn.spark.segment.IndexLocation;
import io.tarn.spark.segment.ListSizes;
import io.tarn.spark.segment.SegmentWrite;
import io.tarn.spark.train.Sample;
import java.io.IOException;
import java.util.List;
import org.apache.spark.SparkUserAppException;
import org.apache.spark.api.java.JavaRDD;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SparkSession;

/**
 * Appends a table of upserts and deletes to an index, in one commit. A table without rows is no
 * error, and commits nothing.
 *
 * <p>The job can be repeated: rows that are in the index already are superseded by themselves.
 */
public final class AppendJob {
  private static final String OPERATION = "append";

  /** Enough to see which lists get more than others. */
  private static final int MAX_SAMPLE_ROWS = 16_384;

  private static final int MAX_SAMPLE_BYTES = 8 << 20;

  private static final long SAMPLE_SEED = 42;

  private final SparkSession spark;
  private final AppendSettings settings;
  private final IndexLocation location;
  private final Phases phases;
  private final Screening screening;

  AppendJob(SparkSession spark, AppendSettings settings, IndexLocation location) {
    this.spark = spark;
    this.settings = settings;
    this.location = location;
    this.phases = new Phases(spark.sparkContext(), OPERATION);
    this.screening =
        new Screening(settings.input().path(), settings.rejects(), settings.maxRejectedShare());
  }

  /**
   * For spark-submit: {@code [--conf-file FILE] [--set KEY=VALUE]…}; see {@link AppendSettings}.
   */
  public static void main(String[] args) throws SparkUserAppException {
    JobMain.run(OPERATION, AppendSettings.class, args, AppendJob::run);
  }

  /**
   * Appends.
   *
   * @throws io.tarn.index.commit.NotAnIndexException if there is no index
   * @throws UnusableInputException if the input cannot be used, or does not fit the index
   */
  public static AppendResult run(SparkSession spark, AppendSettings settings) throws IOException {
    IndexLocation location = new IndexLocation(spark.sparkContext(), settings.index());
    AppendJob job = new AppendJob(spark, settings, location);
    return job.run(() -> InputTable.open(spark, settings.input()));
  }

  /**
   * Appends a table in the place of the settings' input, of which only what is said of columns
   * counts, and the path as what messages call the table.
   *
   * @param table gives the same rows whenever it is computed
   * @throws io.tarn.index.commit.NotAnIndexException if there is no index
   * @throws UnusableInputException if the table cannot be used, or does not fit the index
   */
  public static AppendResult run(SparkSession spark, AppendSettings settings, Dataset<Row> table)
      throws IOException {
    IndexLocation location = new IndexLocation(spark.sparkContext(), settings.index());
    return new AppendJob(spark, settings, location).run(() -> InputTable.of(table));
  }

  AppendResult run(BuildJob.Input input) throws IOException {
    return Failures.unwrapped(
        () -> {
          try (Storage storage = location.open()) {
            Snapshot base = new SnapshotLog(storage).newest();
            screening.check(spark);
            return append(storage, base, input.open());
          }
        });
  }

  private AppendResult append(Storage storage, Snapshot base, InputTable table) throws IOException {
    InputColumns columns = InputColumns.resolve(table, request(base));
    Schema schema = base.schema().withAttributes(columns.attributes());
    StagedRows staged =
        phases.run("read", () -> StagedRows.of(table, columns), rows -> "rows are in place");
    JavaRDD<InputRow> rows = embedded(storage, base, staged.rows());
    Census census = screening.screen(spark, phases, rows, schema, staged.idsToCompare());
    if (census.accepted() == 0) {
      return new AppendResult(base.version(), 0, 0, 0, census.rejected(), 0, phases.seconds());
    }
    JavaRDD<InputRow> newest =
        census.idsRepeat()
            ? NewestRows.of(spark, rows, staged.codec(), schema, census.bytes())
            : rows;
    Model model = ModelFile.read(storage, base.model());
    ListSizes sizes = listSizes(newest, model, schema, census);
    List<SegmentRef> segments =
        writeSegments(newest, sizes, model, schema, staged.codec(), census.bytes());
    Snapshot snapshot =
        phases.run(
            "commit",
            () ->
                new Committer(new SnapshotLog(storage), new ModelReassigner(storage))
                    .commit(
                        Change.append(OPERATION, base.model().id(), segments)
                            .adding(schema.attributes())),
            committed -> "version " + committed.version());
    return new AppendResult(
        snapshot.version(),
        sizes.features(),
        sizes.deletes(),
        census.accepted() - sizes.features() - sizes.deletes(),
        census.rejected(),
        segments.size(),
        phases.seconds());
  }

  private ColumnRequest request(Snapshot base) {
    long now = System.currentTimeMillis();
    return settings.delete()
        ? ColumnRequest.forDeletes(settings.input(), base.schema(), now)
        : ColumnRequest.forChanges(
            settings.input(), base.schema(), settings.opColumn(), now, settings.addAttributes());
  }

  /** Embeds texts or images with the index's own embedder, so that they lie in the same space. */
  private JavaRDD<InputRow> embedded(Storage storage, Snapshot base, JavaRDD<InputRow> rows)
      throws IOException {
    if (settings.delete() || !settings.input().hasContent()) {
      return rows;
    }
    EmbedderRef ref =
        base.embedderIfAny()
            .orElseThrow(
                () ->
                    new UnusableInputException(
                        settings.input().contentKey()
                            + " is given, but the index at "
                            + location
                            + " has no embedder: append vectors, or build the index with one"));
    Embedder embedder = Embedders.open(ref.kind(), ChecksummedFile.read(storage, ref.file()));
    return ContentEmbedding.embed(rows, embedder);
  }

  private ListSizes listSizes(JavaRDD<InputRow> rows, Model model, Schema schema, Census census)
      throws IOException {
    int rowBytes = schema.dimension() * Float.BYTES;
    int wanted = Math.min(MAX_SAMPLE_ROWS, MAX_SAMPLE_BYTES / rowBytes);
    Sample sample =
        phases.run(
            "sample",
            () -> Sample.draw(rows, schema, census.features(), wanted, SAMPLE_SEED),
            drawn -> Phases.count(drawn.rowCount()) + " rows");
    return ListSizes.of(sample, model);
  }

  private List<SegmentRef> writeSegments(
      JavaRDD<InputRow> rows,
      ListSizes sizes,
      Model model,
      Schema schema,
      RowCodec codec,
      long bytes)
      throws IOException {
    SegmentWrite write = new SegmentWrite(location, schema, model, codec, settings.segmentBytes());
    List<SegmentRef> segments =
        phases.run(
            "write",
            () -> write.write(spark, rows, sizes, bytes),
            written -> Phases.count(written.size()) + " segments");
    SegmentWrite.checkComplete(segments, sizes.features(), sizes.deletes());
    return segments;
  }
}
