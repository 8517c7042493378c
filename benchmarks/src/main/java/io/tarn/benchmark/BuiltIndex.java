package io.tarn.benchmark;

import java.util.Map;

/**
 * What an index cost.
 *
 * @param system whose it is
 * @param settings what it was built with
 * @param version the version of the library
 * @param kernels what computes distances, in its own words
 * @param buildSeconds the seconds of each phase of the building
 * @param buildThreads how many threads built it
 * @param diskBytesPerVector the size of its files, full vectors included
 * @param heapBytesPerVector how much the heap grew when it was opened; files that are mapped into
 *     memory are not on the heap
 */
public record BuiltIndex(
    String system,
    String settings,
    String version,
    String kernels,
    Map<String, Double> buildSeconds,
    int buildThreads,
    double diskBytesPerVector,
    double heapBytesPerVector) {
  /** The seconds of all phases. */
  public double totalBuildSeconds() {
    return buildSeconds.values().stream().mapToDouble(Double::doubleValue).sum();
  }
}
