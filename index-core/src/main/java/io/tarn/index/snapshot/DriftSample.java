package io.tarn.index.snapshot;

/**
 * What was measured of an open version.
 *
 * @param version the version
 * @param imbalance how many times as many rows a search looks at as with lists of equal sizes, if
 *     queries come as rows do: lists · Σ n² / (Σ n)² of the live rows n of each list
 * @param recall the mean share of the true {@link #K} nearest that searches for some of the newest
 *     rows found
 * @param nprobe how many lists those searches looked at
 * @param queries how many searches that were
 */
public record DriftSample(long version, double imbalance, double recall, int nprobe, int queries) {
  /** How many neighbours {@link #recall} is about. */
  public static final int K = 10;

  /** This sample with another recall. */
  DriftSample withRecall(double other) {
    return new DriftSample(version, imbalance, other, nprobe, queries);
  }
}
