package io.tarn.benchmark;

import java.io.Closeable;
import java.io.IOException;

/** An index that is open and answers. Thread-safe. */
public interface Engine extends Closeable {
  /**
   * Finds the nearest rows of a query.
   *
   * @param effort how hard to look: more finds more and takes longer
   * @param rows receives the rows found, the nearest first, at most as many as it has room for
   * @return how many were found
   */
  int search(float[] query, int effort, int[] rows) throws IOException;
}
