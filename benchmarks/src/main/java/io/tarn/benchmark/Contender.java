package io.tarn.benchmark;

import java.io.IOException;
import java.nio.file.Path;

/** One way to index and search vectors by squared Euclidean distance: Tarn's, or another's. */
public interface Contender {
  /** Whose it is, such as {@code lucene}; the points of one system make one curve. */
  String system();

  /** With which settings it builds, for people, such as {@code nlist 1024}. */
  String settings();

  /** A file name that differs wherever the index would: versions and settings are part of it. */
  String key();

  /** The version of the library. */
  String version();

  /** What computes its distances, in its own words; a run without SIMD would be none. */
  String kernels();

  /** What {@link Engine#search}'s effort is called here. */
  String effortName();

  /** The least effort that makes sense to find k neighbours. */
  default int leastEffort(int k) {
    return k;
  }

  /** The effort beyond which there is no more to find in so many rows. */
  default int mostEffort(int rows) {
    return rows;
  }

  /**
   * Builds an index.
   *
   * @param folder empty, and afterwards all there is of the index
   * @param threads how many threads may work
   * @param phases is told how long each phase of the building took
   */
  void build(Vectors base, Path folder, int threads, Phases phases) throws IOException;

  /**
   * Opens an index that {@link #build} left, with everything in memory that searches need.
   *
   * @param base what it was built from
   */
  Engine open(Vectors base, Path folder) throws IOException;
}
