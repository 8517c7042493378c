package io.tarn.spark;

import java.util.Map;

/**
 * What a join has done.
 *
 * @param neighbours the rows written
 * @param seconds how long each step took
 */
public record KnnJoinResult(long neighbours, Map<String, Double> seconds) {}
