package io.tarn.spark;

import io.tarn.index.snapshot.CalibrationPoint;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * How well an index answers.
 *
 * @param version the version of the index that was searched
 * @param queries how many queries were asked
 * @param lists how many lists the index has
 * @param measured the recall at each number of lists
 * @param calibrated the version that records it, if one does
 * @param seconds how long each step took
 */
public record EvaluateResult(
    long version,
    int queries,
    int lists,
    List<CalibrationPoint> measured,
    Optional<Long> calibrated,
    Map<String, Double> seconds) {}
