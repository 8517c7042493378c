package io.tarn.index.search;

import io.tarn.index.format.SegmentReader;
import io.tarn.index.segment.RowVectors;
import io.tarn.index.snapshot.SegmentRef;
import io.tarn.index.snapshot.Snapshot;
import java.io.IOException;
import java.util.List;

/**
 * Where the vectors of the segments to be loaded go, decided before anything large is allocated.
 * All sizes are upper bounds, from what the snapshot and the footers say.
 *
 * @param tier any but {@link VectorTier#AUTO}
 * @param cacheBytes the room for pages, if the tier has a cache
 * @param threads how many segments may be read at once
 */
record MemoryPlan(VectorTier tier, long cacheBytes, int threads) {
  /** The least room for pages that is worth calling a cache. */
  private static final long MIN_CACHE_BYTES = 4L << 20;

  private static final int BYTES_PER_MEBIBYTE = 1 << 20;

  /** What loading takes, in a tier. */
  private record Need(long keptBytes, long openingBytes) {
    long bytes() {
      return keptBytes + openingBytes;
    }
  }

  /**
   * Decides.
   *
   * @param heldBytes what is in memory already and stays there until the new view is complete
   * @param cacheHeld whether older segments read through the cache
   * @param directoryBytes what the directory of ids takes, old and new entries together
   * @throws MemoryBudgetException if nothing fits
   */
  static MemoryPlan of(
      OpenOptions options,
      Snapshot snapshot,
      long heldBytes,
      boolean cacheHeld,
      boolean newModel,
      long directoryBytes,
      List<SegmentReader> added,
      boolean mappable)
      throws IOException {
    long budget = options.memoryBudgetBytes();
    for (VectorTier tier : candidates(options.tier(), mappable)) {
      Need need = need(tier, snapshot, newModel, directoryBytes, added);
      long cache = tier == VectorTier.REMOTE || cacheHeld ? minCacheBytes(snapshot) : 0;
      long free = budget - heldBytes - need.bytes() - cache;
      if (free >= 0) {
        long more = need.openingBytes() == 0 ? 0 : free / need.openingBytes();
        int threads =
            (int) Math.min(Runtime.getRuntime().availableProcessors(), Math.min(1 + more, 64));
        long room = budget - heldBytes - need.keptBytes() - threads * need.openingBytes();
        long cacheBytes = cache == 0 ? 0 : Math.min(room, Math.max(cache, options.maxCacheBytes()));
        return new MemoryPlan(tier, cacheBytes, Math.min(threads, added.size()));
      }
    }
    throw tooSmall(options, snapshot, heldBytes, newModel, directoryBytes, added, mappable);
  }

  private static List<VectorTier> candidates(VectorTier wanted, boolean mappable) {
    if (wanted != VectorTier.AUTO) {
      return List.of(wanted);
    }
    return mappable
        ? List.of(VectorTier.MEMORY, VectorTier.MAPPED, VectorTier.REMOTE)
        : List.of(VectorTier.MEMORY, VectorTier.REMOTE);
  }

  private static Need need(
      VectorTier tier,
      Snapshot snapshot,
      boolean newModel,
      long directoryBytes,
      List<SegmentReader> added) {
    int dimension = snapshot.schema().dimension();
    int lists = snapshot.model().lists();
    boolean inMemory = tier == VectorTier.MEMORY;
    long kept = directoryBytes;
    long opening = 0;
    for (SegmentReader segment : added) {
      SegmentRef ref = segment.ref();
      int rows = Math.toIntExact(ref.rows() + ref.deletes());
      kept += segment.columnBytes();
      kept += LoadedSegment.bytesFor(rows, lists, segment.quantizer(), dimension);
      kept += LiveRows.bytesFor(rows);
      kept += inMemory ? RowVectors.LEAD_BYTES + segment.vectorBytes() : segment.pageTableBytes();
      opening = Math.max(opening, segment.openingBytes(inMemory));
    }
    opening = Math.max(opening, LiveRows.openingBytes(rows(snapshot)));
    if (newModel) {
      kept += SearchModel.bytesFor(dimension, lists);
      // The file is read whole, and decoded from there, while segments are read.
      opening += 2 * snapshot.model().file().bytes();
    }
    return new Need(kept, opening);
  }

  /** Rows of a snapshot, live or dead, deletes included. */
  static long rows(Snapshot snapshot) {
    long rows = 0;
    for (SegmentRef ref : snapshot.segments()) {
      rows += ref.rows() + ref.deletes();
    }
    return rows;
  }

  private static long minCacheBytes(Snapshot snapshot) {
    int dimension = snapshot.schema().dimension();
    return Math.max(MIN_CACHE_BYTES, SegmentReader.largestPageBytes(dimension));
  }

  private static MemoryBudgetException tooSmall(
      OpenOptions options,
      Snapshot snapshot,
      long heldBytes,
      boolean newModel,
      long directoryBytes,
      List<SegmentReader> added,
      boolean mappable) {
    StringBuilder tiers = new StringBuilder();
    long least = Long.MAX_VALUE;
    for (VectorTier tier : candidates(VectorTier.AUTO, mappable)) {
      long cache = tier == VectorTier.REMOTE ? minCacheBytes(snapshot) : 0;
      long bytes =
          heldBytes + need(tier, snapshot, newModel, directoryBytes, added).bytes() + cache;
      boolean allowed = options.tier() == VectorTier.AUTO || options.tier() == tier;
      least = allowed ? Math.min(least, bytes) : least;
      tiers
          .append(tiers.length() == 0 ? "" : ", ")
          .append("vectors ")
          .append(tier.externalName())
          .append(" ")
          .append(mebibytes(bytes));
    }
    return new MemoryBudgetException(
        "version "
            + snapshot.version()
            + " does not fit the memory budget of "
            + mebibytes(options.memoryBudgetBytes())
            + " with vectors "
            + options.tier().externalName()
            + ". It takes at most: "
            + tiers
            + (heldBytes > 0 ? "; of this " + mebibytes(heldBytes) + " for the open version" : "")
            + ". Raise the budget"
            + (heldBytes > 0 ? ", or open the index anew" : ""),
        least);
  }

  private static String mebibytes(long bytes) {
    if (bytes < BYTES_PER_MEBIBYTE) {
      return (bytes + 1023) / 1024 + " KiB";
    }
    return (bytes + BYTES_PER_MEBIBYTE - 1) / BYTES_PER_MEBIBYTE + " MiB";
  }
}
