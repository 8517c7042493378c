package io.tarn.spark;

import io.tarn.embedding.Word2VecEmbedder;
import io.tarn.index.feature.Metric;
import io.tarn.index.feature.Schema;
import io.tarn.spark.embed.ContentEmbedding;
import io.tarn.spark.embed.EmbedderFile;
import io.tarn.spark.embed.Word2VecTraining;
import io.tarn.spark.input.ColumnRequest;
import io.tarn.spark.input.InputColumns;
import io.tarn.spark.input.InputTable;
import io.tarn.spark.input.StagedRows;
import io.tarn.spark.input.UnusableInputException;
import io.tarn.spark.rows.Census;
import io.tarn.spark.rows.FeatureTable;
import io.tarn.spark.rows.InputRow;
import java.io.IOException;
import org.apache.spark.SparkUserAppException;
import org.apache.spark.api.java.JavaRDD;
import org.apache.spark.sql.SparkSession;

/**
 * Embeds a table of texts: trains an embedder on them, and writes it and a table of features, which
 * the build job takes (its setting {@code embedder} names the embedder).
 */
public final class EmbedJob {
  private static final String OPERATION = "embed";

  private final SparkSession spark;
  private final EmbedSettings settings;
  private final Phases phases;
  private final Screening screening;

  private EmbedJob(SparkSession spark, EmbedSettings settings) {
    this.spark = spark;
    this.settings = settings;
    this.phases = new Phases(spark.sparkContext(), OPERATION);
    this.screening =
        new Screening(settings.input().path(), settings.rejects(), settings.maxRejectedShare());
  }

  /** For spark-submit: {@code [--conf-file FILE] [--set KEY=VALUE]…}; see {@link EmbedSettings}. */
  public static void main(String[] args) throws SparkUserAppException {
    JobMain.run(OPERATION, EmbedSettings.class, args, EmbedJob::run);
  }

  /**
   * Embeds.
   *
   * @throws UnusableInputException if the input cannot be used, or an output exists
   */
  public static EmbedResult run(SparkSession spark, EmbedSettings settings) throws IOException {
    return Failures.unwrapped(() -> new EmbedJob(spark, settings).embed());
  }

  private EmbedResult embed() throws IOException {
    Screening.refuseExisting(spark, "the output", settings.output());
    Screening.refuseExisting(spark, "the embedder", settings.embedder());
    screening.check(spark);
    InputTable table = InputTable.open(spark, settings.input());
    InputColumns columns =
        InputColumns.resolve(
            table, ColumnRequest.forNewIndex(settings.input(), System.currentTimeMillis()));
    StagedRows staged =
        phases.run("read", () -> StagedRows.of(table, columns), rows -> "rows are in place");
    if (staged.isEmpty()) {
      throw new UnusableInputException(
          "the input " + settings.input().path() + " is empty: it has no rows");
    }
    Word2VecEmbedder embedder =
        phases.run(
            "train embedder",
            () -> Word2VecTraining.train(staged.rows(), settings.word2vec()),
            trained -> trained.dimension() + " dimensions");
    JavaRDD<InputRow> rows = ContentEmbedding.embed(staged.rows(), embedder);
    // What the index makes of the vectors is for the build to say; l2 takes them as they are.
    Schema schema =
        new Schema(staged.idType(), embedder.dimension(), Metric.L2, staged.attributes());
    Census census = screening.screen(spark, phases, rows, schema, 0);
    phases.run(
        "write",
        () -> {
          FeatureTable.write(spark, rows, schema, settings.output());
          EmbedderFile.write(
              spark.sparkContext().hadoopConfiguration(), settings.embedder(), embedder);
          return census.features();
        },
        written -> Phases.count(written) + " features");
    return new EmbedResult(
        census.features(),
        census.rejected(),
        embedder.dimension(),
        embedder.fingerprint(),
        phases.seconds());
  }
}
