package io.tarn.index.evaluate;

/**
 * How well and how fast an index answered a set of queries.
 *
 * @param nprobe how many lists each search was to look at
 * @param adaptive whether it was to look at about as many only
 * @param lists how many lists a search looked at in the mean
 * @param recall the mean share of the true k nearest among the k hits, from 0 to 1
 * @param queriesPerSecond answers a second, of all threads together
 * @param p50Us the time by which half of the searches were answered, in microseconds
 * @param p99Us the time by which 99 of 100 were answered
 */
public record Measurement(
    int nprobe,
    boolean adaptive,
    double lists,
    double recall,
    double queriesPerSecond,
    double p50Us,
    double p99Us) {}
