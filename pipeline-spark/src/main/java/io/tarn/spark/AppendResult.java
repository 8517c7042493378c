package io.tarn.spark;

import io.tarn.index.feature.RejectedFeatureException.Reason;
import java.util.Map;

/**
 * What an append has done.
 *
 * @param version the version that holds the rows; the index's newest if there was nothing to append
 * @param upserts features written
 * @param deletes deletes written
 * @param supersededRows rows left out because the input has a newer one of the same id
 * @param rejected rows set aside, by reason
 * @param segments the segments written
 * @param seconds how long each step took
 */
public record AppendResult(
    long version,
    long upserts,
    long deletes,
    long supersededRows,
    Map<Reason, Long> rejected,
    int segments,
    Map<String, Double> seconds) {}
