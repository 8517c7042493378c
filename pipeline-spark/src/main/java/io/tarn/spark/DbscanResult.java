package io.tarn.spark;

import java.util.Map;

/**
 * What grouping by density came to.
 *
 * @param version the version of the index that was looked at
 * @param clusters how many there are
 * @param core rows with enough neighbours
 * @param border other rows that have a core row among their neighbours
 * @param noise the remaining rows
 * @param seconds how long each step took
 */
public record DbscanResult(
    long version, long clusters, long core, long border, long noise, Map<String, Double> seconds) {}
