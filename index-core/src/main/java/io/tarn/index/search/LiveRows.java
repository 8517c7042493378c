package io.tarn.index.search;

import io.tarn.index.segment.Segment;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * Which rows of a view are live: the newest version of their id, and no delete. One bitmap a
 * segment; views share the bitmaps of segments in which nothing changed.
 */
final class LiveRows {
  /** So that a bit is told by 32 bits of a hash. */
  private static final int MAX_SEEN_WORDS = 1 << 24;

  private static final int FEW_SEGMENTS = 4;

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
    return isSet(bitmaps.get(segment), row);
  }

  /** One bitmap a segment, row r in bit r % 64 of word r / 64; not to be changed. */
  List<long[]> bitmaps() {
    return bitmaps;
  }

  /** Live rows that are known already; one bitmap a segment, not copied. */
  static LiveRows known(List<long[]> bitmaps) {
    return new LiveRows(List.copyOf(bitmaps));
  }

  /**
   * The live rows of {@code segments}, resolved from scratch.
   *
   * @param directory of these segments, here and below
   */
  static LiveRows of(List<LoadedSegment> segments, IdDirectory directory) {
    Resolution resolution = new Resolution(List.of(), segments, directory);
    resolution.resolveAll();
    return new LiveRows(resolution.bitmaps);
  }

  /**
   * A segment that a view had and the next one has not.
   *
   * @param live its bitmap in that view
   */
  record Gone(LoadedSegment segment, long[] live) {}

  /**
   * The live rows of {@code segments} after those of another view. Ids of rows that both views have
   * are not looked at, so that what it costs grows with what came and went, unless that is most.
   *
   * @param kept the bitmaps, in the other view, of the first of the segments, which both have
   * @param gone what only the other view had
   */
  static LiveRows after(
      List<long[]> kept, List<Gone> gone, List<LoadedSegment> segments, IdDirectory directory) {
    long stay = rows(segments.subList(0, kept.size()));
    long change = rows(segments.subList(kept.size(), segments.size()));
    for (Gone segment : gone) {
      change += segment.segment.segment.rowCount();
    }
    return change < stay ? changed(kept, gone, segments, directory) : of(segments, directory);
  }

  /** As {@link #after}, however much came and went. */
  static LiveRows changed(
      List<long[]> kept, List<Gone> gone, List<LoadedSegment> segments, IdDirectory directory) {
    Resolution resolution = new Resolution(kept, segments, directory);
    resolution.resolveChanged(gone);
    return new LiveRows(resolution.bitmaps);
  }

  private static long rows(List<LoadedSegment> segments) {
    return segments.stream().mapToLong(segment -> segment.segment.rowCount()).sum();
  }

  /** Settles, id by id, who supersedes whom. */
  private static final class Resolution {
    private final List<LoadedSegment> segments;
    private final int keptCount;
    private final List<long[]> bitmaps = new ArrayList<>();
    private final boolean[] copied;
    private final IdDirectory directory;

    /** The slot of each segment, and the numbers of the segments of each slot. */
    private final int[] slots;

    private final int[][] bySlot = new int[IdDirectory.SLOTS + 1][];

    /** The slots of segments that came, and of those without entries: a bit each. */
    private long youngSlots = 1L << IdDirectory.OPEN_SLOT;

    /** The largest order of all other segments. */
    private long maxOldOrder = Long.MIN_VALUE;

    /** The newest row found so far of the id that is being settled: its segment, or -1. */
    private int newest;

    private int newestRow;

    Resolution(List<long[]> kept, List<LoadedSegment> segments, IdDirectory directory) {
      this.segments = segments;
      this.directory = directory;
      this.slots = new int[segments.size()];
      this.keptCount = kept.size();
      this.copied = new boolean[segments.size()];
      Arrays.fill(bySlot, new int[0]);
      for (int s = 0; s < segments.size(); s++) {
        boolean isNew = s >= keptCount;
        bitmaps.add(isNew ? emptyBitmap(segments.get(s)) : kept.get(s));
        copied[s] = isNew;
        int slot = directory.slot(segments.get(s));
        slots[s] = slot;
        bySlot[slot] = Arrays.copyOf(bySlot[slot], bySlot[slot].length + 1);
        bySlot[slot][bySlot[slot].length - 1] = s;
        if (isNew) {
          youngSlots |= 1L << slot;
        } else if (slot != IdDirectory.OPEN_SLOT) {
          maxOldOrder = Math.max(maxOldOrder, segments.get(s).segment.ref().maxOrder());
        }
      }
    }

    private static long[] emptyBitmap(LoadedSegment segment) {
      return new long[(segment.segment.rowCount() + 63) / 64];
    }

    void resolveAll() {
      SeenHashes seen = new SeenHashes(rows(segments));
      for (int s = 0; s < segments.size(); s++) {
        Segment segment = segments.get(s).segment;
        for (int row = 0; row < segment.rowCount(); row++) {
          if (!seen.add(segment.ids().hash(row))) {
            // Among those up to here; rows of its id that are still to come settle it again.
            settle(segment, row, s + 1);
          } else if (!segment.isDelete(row)) {
            set(s, row);
          }
        }
      }
    }

    void resolveChanged(List<Gone> gone) {
      List<long[]> moved = new ArrayList<>();
      for (LoadedSegment added : segments.subList(keptCount, segments.size())) {
        moved.add(emptyBitmap(added));
      }
      for (Gone old : gone) {
        Segment segment = old.segment.segment;
        for (int row = 0; row < segment.rowCount(); row++) {
          // Of a delete it is not known whether it was the newest.
          if (segment.isDelete(row) || (isSet(old.live, row) && !hasMoved(segment, row, moved))) {
            settle(segment, row, segments.size());
          }
        }
      }
      for (int s = keptCount; s < segments.size(); s++) {
        settleNew(segments.get(s).segment, moved.get(s - keptCount));
      }
    }

    private void settleNew(Segment segment, long[] moved) {
      int rows = segment.rowCount();
      for (int row = 0; row < rows; row++) {
        if (row % Long.SIZE == 0 && moved[row / Long.SIZE] == 0) {
          directory.touch(segment.ids(), row, Math.min(rows, row + Long.SIZE));
        }
        if (!isSet(moved, row)) {
          settle(segment, row, segments.size());
        }
      }
    }

    /**
     * Whether a row that was live is in a segment that came, and is the newest of its id still. It
     * supersedes there all that it superseded before, so that only rows of as large an order can
     * supersede it, of which the young segments have most, and the large ones none.
     */
    private boolean hasMoved(Segment old, int row, List<long[]> moved) {
      int hash = old.ids().hash(row);
      // Where few came, asking them takes less than asking the directory.
      long where = segments.size() - keptCount > FEW_SEGMENTS ? directory.slotsOf(hash) : -1;
      for (int s = keptCount; s < segments.size(); s++) {
        boolean mayHave = (where & 1L << slots[s]) != 0;
        int newRow = mayHave ? sameVersion(segments.get(s), hash, old, row) : -1;
        if (newRow >= 0 && !isSuperseded(s, newRow, hash)) {
          moved.get(s - keptCount)[newRow >> 6] |= 1L << newRow;
          set(s, newRow);
          return true;
        }
      }
      return false;
    }

    /** The row that is the same version of the same id; negative if there is none. */
    private static int sameVersion(LoadedSegment other, int hash, Segment old, int row) {
      int end = other.endPlace(hash);
      for (int place = other.firstPlace(hash); place < end; place++) {
        int otherRow = other.rowAt(place);
        if (other.segment.ids().sameId(otherRow, old.ids(), row)
            && isSameVersion(other.segment, otherRow, old, row)) {
          return otherRow;
        }
      }
      return -1;
    }

    private static boolean isSameVersion(Segment segment, int row, Segment old, int oldRow) {
      return segment.orders().get(row) == old.orders().get(oldRow)
          && segment.positions().get(row) == old.positions().get(oldRow)
          && segment.ref().sequence() >= old.ref().sequence()
          && segment.isDelete(row) == old.isDelete(oldRow);
    }

    private boolean isSuperseded(int s, int row, int hash) {
      Segment segment = segments.get(s).segment;
      long order = segment.orders().get(row);
      long where = order > maxOldOrder ? youngSlots : directory.slotsOf(hash);
      for (long left = where; left != 0; left &= left - 1) {
        for (int number : bySlot[Long.numberOfTrailingZeros(left)]) {
          LoadedSegment other = segments.get(number);
          if (other.segment.ref().maxOrder() >= order && isSuperseded(segment, row, hash, other)) {
            return true;
          }
        }
      }
      return false;
    }

    private static boolean isSuperseded(Segment segment, int row, int hash, LoadedSegment other) {
      int end = other.endPlace(hash);
      for (int place = other.firstPlace(hash); place < end; place++) {
        int otherRow = other.rowAt(place);
        if (other.segment.ids().sameId(otherRow, segment.ids(), row)
            && other.segment.supersedes(otherRow, segment, row)) {
          return true;
        }
      }
      return false;
    }

    /**
     * Of all rows of an id in the segments before {@code end}, the newest alone is live, if any.
     */
    private void settle(Segment segment, int row, int end) {
      int hash = segment.ids().hash(row);
      newest = -1;
      for (long left = directory.slotsOf(hash); left != 0; left &= left - 1) {
        for (int s : bySlot[Long.numberOfTrailingZeros(left)]) {
          if (s < end) {
            settleAmong(s, hash, segment, row);
          }
        }
      }
      if (newest >= 0 && !segments.get(newest).segment.isDelete(newestRow)) {
        set(newest, newestRow);
      }
    }

    private void settleAmong(int s, int hash, Segment segment, int row) {
      LoadedSegment other = segments.get(s);
      int end = other.endPlace(hash);
      for (int place = other.firstPlace(hash); place < end; place++) {
        int otherRow = other.rowAt(place);
        if (!other.segment.ids().sameId(otherRow, segment.ids(), row)) {
          continue;
        }
        if (newest < 0) {
          newest = s;
          newestRow = otherRow;
        } else if (other.segment.supersedes(otherRow, segments.get(newest).segment, newestRow)) {
          clear(newest, newestRow);
          newest = s;
          newestRow = otherRow;
        } else {
          clear(s, otherRow);
        }
      }
    }

    private void set(int s, int row) {
      if (!isSet(bitmaps.get(s), row)) {
        writable(s)[row >> 6] |= 1L << row;
      }
    }

    private void clear(int s, int row) {
      if (isSet(bitmaps.get(s), row)) {
        writable(s)[row >> 6] &= ~(1L << row);
      }
    }

    private long[] writable(int s) {
      if (!copied[s]) {
        bitmaps.set(s, bitmaps.get(s).clone());
        copied[s] = true;
      }
      return bitmaps.get(s);
    }
  }

  private static boolean isSet(long[] bitmap, int row) {
    return (bitmap[row >> 6] & 1L << row) != 0;
  }

  /**
   * Tells most ids that come for the first time from all others, without looking for them in every
   * segment, which is a few cache misses each: a Bloom filter (CACM 1970) with one hash.
   */
  private static final class SeenHashes {
    private final long[] bits;
    private final int shift;

    SeenHashes(long rows) {
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
