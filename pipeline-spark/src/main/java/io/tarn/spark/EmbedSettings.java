package io.tarn.spark;

import io.tarn.settings.Default;
import io.tarn.spark.embed.Word2VecSettings;
import io.tarn.spark.input.InputSettings;
import java.util.Optional;

/**
 * How to embed a table of texts.
 *
 * @param input the table; its {@code text-column} is embedded
 * @param output where the features are written, as a Parquet table of {@code id}, {@code vector}
 *     and the attributes; it must not exist
 * @param embedder where the embedder is written; it must not exist
 * @param word2vec how the embedder is trained
 * @param rejects where rows that are set aside are written, as a Parquet table; they are only
 *     counted if this is not given
 * @param maxRejectedShare the job fails if a larger share of the rows is set aside
 */
public record EmbedSettings(
    InputSettings input,
    String output,
    String embedder,
    Word2VecSettings word2vec,
    Optional<String> rejects,
    @Default("0.5") double maxRejectedShare) {
  public EmbedSettings {
    if (input.textColumn().isEmpty()) {
      throw new IllegalArgumentException("input.text-column is missing: it names what to embed");
    }
    SettingRules.share("max-rejected-share", maxRejectedShare);
  }
}
