package io.tarn.spark;

import io.tarn.index.feature.RejectedFeatureException.Reason;
import java.util.Map;

/**
 * What a build has done.
 *
 * @param version the version it committed
 * @param rows the rows of the index
 * @param supersededRows rows left out because the input has a newer one of the same id
 * @param rejected rows set aside, by reason
 * @param dimension values of a vector
 * @param lists the lists of the index
 * @param segments the segments written
 * @param seconds how long each step took
 */
public record BuildResult(
    long version,
    long rows,
    long supersededRows,
    Map<Reason, Long> rejected,
    int dimension,
    int lists,
    int segments,
    Map<String, Double> seconds) {}
