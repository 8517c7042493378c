package io.tarn.benchmark;

/**
 * How one index answered at one effort.
 *
 * @param system whose index it is
 * @param settings what the index was built with
 * @param effortName what the effort is called
 * @param effort how hard it looked
 * @param recall the mean share of the true k nearest that was found, from 0 to 1
 * @param queriesPerSecond the median of all rounds, of all threads together
 * @param p50Us the time by which half of the searches of all rounds were answered, in microseconds
 * @param p99Us the time by which 99 of 100 were answered
 * @param cpuUs the processor time of a search on average, in microseconds: where it is much less
 *     than the time that passed, something else had the processor
 */
public record Point(
    String system,
    String settings,
    String effortName,
    int effort,
    double recall,
    double queriesPerSecond,
    double p50Us,
    double p99Us,
    double cpuUs) {}
