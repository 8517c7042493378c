package io.tarn.spark;

import java.util.List;
import java.util.Map;

/**
 * What a job that keeps an index in shape has done, or would do.
 *
 * @param version the version that holds the outcome; the newest if nothing was changed
 * @param dryRun whether nothing was to be changed
 * @param steps what was done, or would be, and why; empty if there is nothing to be done
 * @param segmentsReplaced segments that others took the place of
 * @param segmentsWritten those others; 0 in a dry run
 * @param rows rows and deletes written anew
 * @param droppedRows superseded rows left out
 * @param forgottenDeletes deletes left out because they need not be remembered any longer
 * @param bytesRead the size of the segments replaced
 * @param bytesWritten the size of those written; in a dry run about what it would be
 * @param seconds how long each step took
 */
public record UpkeepResult(
    long version,
    boolean dryRun,
    List<String> steps,
    int segmentsReplaced,
    int segmentsWritten,
    long rows,
    long droppedRows,
    long forgottenDeletes,
    long bytesRead,
    long bytesWritten,
    Map<String, Double> seconds) {
  public UpkeepResult {
    steps = List.copyOf(steps);
  }
}
