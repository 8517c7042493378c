package io.tarn.spark;

import io.tarn.index.feature.RejectedFeatureException.Reason;
import java.util.Map;

/**
 * What an embed job has done.
 *
 * @param rows the features written
 * @param rejected rows set aside, by reason
 * @param dimension values of a vector
 * @param fingerprint identifies the embedder
 * @param seconds how long each step took
 */
public record EmbedResult(
    long rows,
    Map<Reason, Long> rejected,
    int dimension,
    String fingerprint,
    Map<String, Double> seconds) {}
