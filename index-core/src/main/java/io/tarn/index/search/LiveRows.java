package io.tarn.index.search;

import io.tarn.index.segment.Segment;
import java.util.ArrayList;
import java.util.List;

/**
 * Which rows of a view are live: the newest version of their id, and no delete. One bitmap a
 * segment; views share the bitmaps of segments in which nothing changed.
 */
final class LiveRows {
  /** So that a bit is told by 32 bits of a hash. */
  private static final int MAX_SEEN_WORDS = 1 << 24;

  private final List<long[]> bitmaps;
  private final long count;

  private LiveRows(List<long[]> bitmaps) {
    this.bitmaps = bitmaps;
    long bits = 0;
    for (long[] bitmap : bitmaps) {
      for (long word : bitmap) {
        bits += Long.bitCount(word);
      }
    }
    this.count = bits;
  }

  long count() {
    return count;
  }

  /** How many rows of a segment are live. */
  long count(int segment) {
    long count = 0;
    for (long word : bitmaps.get(segment)) {
      count += Long.bitCount(word);
    }
    return count;
  }

  /** Bytes of memory for the rows of a segment. */
  static long bytesFor(int rows) {
    return (rows + 63) / 64 * (long) Long.BYTES;
  }

  /** Bytes of memory taken while the rows of a whole view are looked at. */
  static long openingBytes(long rows) {
    return (long) Long.BYTES * SeenHashes.words(rows);
  }

  /** Bytes of memory the bitmaps take. */
  long memoryBytes() {
    long bytes = 0;
    for (long[] bitmap : bitmaps) {
      bytes += (long) Long.BYTES * bitmap.length;
    }
    return bytes;
  }

  boolean isLive(int segment, int row) {
    return (bitmaps.get(segment)[row >> 6] & 1L << row) != 0;
  }

  /** One bitmap a segment, row r in bit r % 64 of word r / 64; not to be changed. */
  List<long[]> bitmaps() {
    return bitmaps;
  }

  /** Live rows that are known already; one bitmap a segment, not copied. */
  static LiveRows known(List<long[]> bitmaps) {
    return new LiveRows(List.copyOf(bitmaps));
  }

  static LiveRows none() {
    return new LiveRows(List.of());
  }

  /**
   * The live rows of {@code segments}, of which the first {@code knownCount} are those of {@code
   * known}, in the same order. Looks only at the ids of the others.
   */
  static LiveRows with(LiveRows known, int knownCount, List<LoadedSegment> segments) {
    Resolution resolution = new Resolution(known, knownCount, segments);
    if (knownCount == 0) {
      resolution.seen = new SeenHashes(segments);
    }
    for (int s = knownCount; s < segments.size(); s++) {
      resolution.resolve(s);
    }
    return new LiveRows(resolution.bitmaps);
  }

  /** The live rows of {@code segments}, resolved from scratch. */
  static LiveRows of(List<LoadedSegment> segments) {
    return with(none(), 0, segments);
  }

  /** Settles, row by row, who supersedes whom. */
  private static final class Resolution {
    private final List<LoadedSegment> segments;
    private final List<long[]> bitmaps = new ArrayList<>();
    private final boolean[] copied;

    /** The ids of all rows looked at; null if there are rows that were not. */
    private SeenHashes seen;

    Resolution(LiveRows known, int knownCount, List<LoadedSegment> segments) {
      this.segments = segments;
      this.copied = new boolean[segments.size()];
      for (int s = 0; s < segments.size(); s++) {
        Segment segment = segments.get(s).segment;
        boolean isNew = s >= knownCount;
        bitmaps.add(isNew ? new long[(segment.rowCount() + 63) / 64] : known.bitmaps.get(s));
        copied[s] = isNew;
      }
    }

    void resolve(int s) {
      Segment segment = segments.get(s).segment;
      for (int row = 0; row < segment.rowCount(); row++) {
        boolean first = seen != null && seen.add(segment.ids().hash(row));
        if ((first || isNewestUpTo(s, row)) && !segment.isDelete(row)) {
          bitmaps.get(s)[row >> 6] |= 1L << row;
        }
      }
    }

    /** Whether the row wins over all of its id in the segments up to its own; kills the losers. */
    private boolean isNewestUpTo(int s, int row) {
      Segment segment = segments.get(s).segment;
      int hash = segment.ids().hash(row);
      boolean newest = true;
      for (int t = 0; t <= s; t++) {
        LoadedSegment other = segments.get(t);
        int end = other.endPlace(hash);
        for (int place = other.firstPlace(hash); place < end; place++) {
          int otherRow = other.rowAt(place);
          if ((t == s && otherRow == row)
              || !other.segment.ids().sameId(otherRow, segment.ids(), row)) {
            continue;
          }
          if (segment.supersedes(row, other.segment, otherRow)) {
            kill(t, otherRow);
          } else {
            newest = false;
          }
        }
      }
      return newest;
    }

    private void kill(int s, int row) {
      if ((bitmaps.get(s)[row >> 6] & 1L << row) == 0) {
        return;
      }
      if (!copied[s]) {
        bitmaps.set(s, bitmaps.get(s).clone());
        copied[s] = true;
      }
      bitmaps.get(s)[row >> 6] &= ~(1L << row);
    }
  }

  /**
   * Tells most ids that come for the first time from all others, without looking for them in every
   * segment, which is a few cache misses each: a Bloom filter (CACM 1970) with one hash.
   */
  private static final class SeenHashes {
    private final long[] bits;
    private final int shift;

    SeenHashes(List<LoadedSegment> segments) {
      long rows = 0;
      for (LoadedSegment segment : segments) {
        rows += segment.segment.rowCount();
      }
      int words = words(rows);
      bits = new long[words];
      shift = Integer.SIZE - Integer.numberOfTrailingZeros(words) - 6;
    }

    /** Eight to sixteen bits a row, of a power of two. */
    static int words(long rows) {
      return (int) Math.min(MAX_SEEN_WORDS, Math.max(1, Long.highestOneBit(rows) / 4));
    }

    /** False if the id may have come before; if it has, certainly. */
    boolean add(int hash) {
      int bit = hash >>> shift;
      long mask = 1L << bit;
      boolean isNew = (bits[bit >> 6] & mask) == 0;
      bits[bit >> 6] |= mask;
      return isNew;
    }
  }
}
