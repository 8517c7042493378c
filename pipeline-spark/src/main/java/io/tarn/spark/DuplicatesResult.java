package io.tarn.spark;

import java.util.Map;

/**
 * What looking for duplicates came to.
 *
 * @param version the version of the index that was looked at
 * @param groups how many groups of duplicates there are
 * @param rows how many rows are in a group
 * @param seconds how long each step took
 */
public record DuplicatesResult(long version, long groups, long rows, Map<String, Double> seconds) {}
