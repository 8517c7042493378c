package io.tarn.spark;

import java.util.List;
import java.util.Map;

/**
 * What an expiry has removed, or would remove.
 *
 * @param version the newest version
 * @param dryRun whether nothing was to be changed
 * @param steps what was done, or would be, and why; empty if there is nothing to be done
 * @param oldestVersion the oldest version that is kept
 * @param versions how many versions' files were removed
 * @param segments segments removed
 * @param models models and embedders removed
 * @param pending files removed that killed writers had begun
 * @param spared files that no version names and that stay, because they are too young
 * @param bytes the bytes of all that was removed
 * @param seconds how long each step took
 */
public record ExpireResult(
    long version,
    boolean dryRun,
    List<String> steps,
    long oldestVersion,
    int versions,
    int segments,
    int models,
    int pending,
    int spared,
    long bytes,
    Map<String, Double> seconds) {
  public ExpireResult {
    steps = List.copyOf(steps);
  }
}
