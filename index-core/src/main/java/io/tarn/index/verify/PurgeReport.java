package io.tarn.index.verify;

import io.tarn.index.feature.FeatureId;
import java.util.List;

/**
 * Whether anything of an id is left in the files of an index.
 *
 * @param id the id
 * @param version the newest version when the search began
 * @param segments how many segments were looked through: all there are, whether a version names
 *     them or not
 * @param traces where something is left; empty if nothing is
 * @param unreadable files that could not be looked through, each with the reason: what was begun
 *     and never published, or is damaged
 */
public record PurgeReport(
    FeatureId id, long version, int segments, List<Trace> traces, List<String> unreadable) {
  public PurgeReport {
    traces = List.copyOf(traces);
    unreadable = List.copyOf(unreadable);
  }

  /**
   * What is left of an id in one segment.
   *
   * @param path the segment
   * @param rows rows of the id with a vector, live or dead
   * @param deletes deletes of the id
   * @param named whether the newest version names the segment: then compaction has to leave the
   *     rows out; otherwise expiry has to remove the file
   * @param bytes the size of the file
   */
  public record Trace(String path, int rows, int deletes, boolean named, long bytes) {}

  /** Whether nothing is left of the id. */
  public boolean purged() {
    return traces.isEmpty() && unreadable.isEmpty();
  }
}
