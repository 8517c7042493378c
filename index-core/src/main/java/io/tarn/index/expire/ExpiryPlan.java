package io.tarn.index.expire;

import io.tarn.index.storage.FileStat;
import java.util.ArrayList;
import java.util.List;

/**
 * What is to be removed from an index.
 *
 * @param newestVersion the newest version when the plan was made
 * @param oldestVersion the oldest version that is kept; those before it have expired
 * @param announced whether the index says so already
 * @param versions the files of expired versions that are not needed to find others
 * @param signposts how many expired versions stay because they are
 * @param segments segments that no kept version names
 * @param models models and embedders that no kept version names
 * @param pending files that were begun by writers that have since been killed
 * @param spared how many files no kept version names, but are too young to be removed
 */
public record ExpiryPlan(
    long newestVersion,
    long oldestVersion,
    boolean announced,
    List<FileStat> versions,
    int signposts,
    List<FileStat> segments,
    List<FileStat> models,
    List<FileStat> pending,
    int spared) {
  public ExpiryPlan {
    versions = List.copyOf(versions);
    segments = List.copyOf(segments);
    models = List.copyOf(models);
    pending = List.copyOf(pending);
  }

  /** All that is to be removed once no version is left that names it. */
  public List<FileStat> files() {
    List<FileStat> files = new ArrayList<>(segments);
    files.addAll(models);
    files.addAll(pending);
    return files;
  }

  /** Whether there is nothing to be done. */
  public boolean isEmpty() {
    return announced && versions.isEmpty() && files().isEmpty();
  }

  /** The bytes of all that is to be removed. */
  public long bytes() {
    long bytes = 0;
    for (FileStat version : versions) {
      bytes += version.bytes();
    }
    for (FileStat file : files()) {
      bytes += file.bytes();
    }
    return bytes;
  }
}
