package io.tarn.spark;

import io.tarn.index.feature.Metric;
import io.tarn.settings.Default;
import io.tarn.spark.embed.PixelSettings;
import io.tarn.spark.embed.Word2VecSettings;
import io.tarn.spark.input.InputSettings;
import java.util.Optional;

/**
 * How to build an index.
 *
 * @param index where: a local path or {@code hdfs://…}; there must be no index yet, unless it is
 *     overwritten
 * @param input what of
 * @param metric how vectors are compared
 * @param dimension values of a vector; that of the first vector of the input by default
 * @param nlist how many lists; by default the largest power of two that is at most four times the
 *     square root of the number of rows and leaves 39 rows to a list, of the sample too
 * @param quantizer how vectors are coded for scanning: the name of a {@link
 *     io.tarn.index.quantize.Quantizer}
 * @param training how lists are trained
 * @param segmentBytes about how large a segment becomes
 * @param embedder the file of the embedder that made the vectors, as the embed job writes it: it
 *     becomes part of the index, so that texts can be searched and streamed. If the input has
 *     texts, it embeds them; without it an embedder is trained on them
 * @param word2vec how that one is trained
 * @param pixels how images are embedded, if the input has images and no embedder is given
 * @param rejects where rows that are set aside are written, as a Parquet table; they are only
 *     counted if this is not given
 * @param maxRejectedShare the job fails if a larger share of the rows is set aside
 * @param overwrite an index that is there gets a new model and these rows in the place of all it
 *     has, as its next version; dimension, metric, type of ids, embedder and attributes stay
 * @param keepPositions an index that streams feed is overwritten, too: the rows hold what the
 *     streams brought, which go on from where they are
 */
public record BuildSettings(
    String index,
    InputSettings input,
    @Default("l2") Metric metric,
    Optional<Integer> dimension,
    Optional<Integer> nlist,
    @Default("rabitq") String quantizer,
    TrainingSettings training,
    @Default("268435456") long segmentBytes,
    Optional<String> embedder,
    Word2VecSettings word2vec,
    PixelSettings pixels,
    Optional<String> rejects,
    @Default("0.5") double maxRejectedShare,
    @Default("false") boolean overwrite,
    @Default("false") boolean keepPositions) {
  public BuildSettings {
    SettingRules.index(index);
    SettingRules.segmentBytes(segmentBytes);
    SettingRules.quantizer(quantizer);
    SettingRules.share("max-rejected-share", maxRejectedShare);
    dimension.ifPresent(value -> SettingRules.atLeastOne("dimension", value));
    nlist.ifPresent(value -> SettingRules.atLeastOne("nlist", value));
    if (keepPositions && !overwrite) {
      throw new IllegalArgumentException(
          "keep-positions is given without overwrite: a new index has no positions");
    }
  }
}
