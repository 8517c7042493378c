package io.tarn.spark.segment;

import io.tarn.index.format.Format;
import io.tarn.index.snapshot.SegmentRef;
import io.tarn.index.storage.FileStat;
import io.tarn.index.storage.Storage;
import java.io.IOException;
import java.io.Serializable;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.UUID;

/**
 * The names of the segments that one job writes: random like any others, but alike in their first
 * half, so that the job knows its own files again when a task cannot say any more what it wrote.
 */
public final class SegmentNames implements Serializable {
  /** Eight, four and four digits, each with a dash behind them: the first 64 bits. */
  private static final int COMMON_CHARS = 19;

  private final long firstHalf = UUID.randomUUID().getMostSignificantBits();

  /** A name that no segment has. */
  public UUID next() {
    return new UUID(firstHalf, UUID.randomUUID().getLeastSignificantBits());
  }

  /**
   * Deletes the segments with such names that nobody counts on. No attempt at a task of the job may
   * be under way.
   *
   * @param kept those that somebody does count on
   * @return how many were deleted
   */
  int deleteOthers(Storage storage, List<SegmentRef> kept) throws IOException {
    Set<String> paths = new HashSet<>();
    kept.forEach(segment -> paths.add(segment.path()));
    String prefix = Format.SEGMENTS + new UUID(firstHalf, 0).toString().substring(0, COMMON_CHARS);
    int deleted = 0;
    for (FileStat file : storage.list(Format.SEGMENTS.substring(0, Format.SEGMENTS.length() - 1))) {
      if (file.path().startsWith(prefix) && !paths.contains(file.path())) {
        storage.delete(file.path());
        deleted++;
      }
    }
    return deleted;
  }
}
