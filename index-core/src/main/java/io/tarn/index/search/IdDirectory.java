package io.tarn.index.search;

import io.tarn.index.segment.IdColumn;
import io.tarn.index.snapshot.SegmentRef;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * Which segments may have rows of an id, told by one look at memory however many rows and segments
 * there are. For each row there is an entry of two bytes: the slot of its segment and ten bits of
 * the hash of its id, in a bucket that other bits of the hash choose. So an id is never missed, and
 * one in twenty is looked for in a segment that does not have it.
 *
 * <p>Rows come and go with their segments, and buckets are divided one by one as rows come (linear
 * hashing, Litwin, VLDB 1980), so that moving on to another view takes what came and went. A few
 * small segments have no entries, since they are merged soon and looking into them is fast.
 *
 * <p>It belongs to whoever goes from view to view, and is not safe for several threads.
 */
final class IdDirectory {
  /** How many segments without entries there are at most, so that asking each is cheap. */
  private static final int MAX_OPEN_SEGMENTS = 16;

  /**
   * How many rows they have at most, so that their tables of ids stay in the processor's caches.
   */
  private static final int MAX_OPEN_ROWS = 1 << 16;

  /** Entries of a bucket, on average, before another bucket is added. */
  private static final int BUCKET_ENTRIES = 48;

  /** Below, buckets that are nearly empty would take more memory than entries do. */
  private static final int FEWEST_ENTRIES = 32;

  private static final int SLOT_BITS = 6;

  /** That of segments without entries, which may have any id. So no entry is zero. */
  static final int OPEN_SLOT = 0;

  /** The others are from 1 to this. More segments share them. */
  static final int SLOTS = (1 << SLOT_BITS) - 1;

  private static final int FINGERPRINT_BITS = 10;
  private static final int FINGERPRINT_MASK = (1 << FINGERPRINT_BITS) - 1 << SLOT_BITS;

  /** Each time the buckets double, a bit of the fingerprints tells nothing new any more. */
  private static final int MAX_DOUBLINGS = 2;

  /**
   * Arrays of entries have a multiple of this length, and fewer than twice as many empty places.
   */
  private static final int STEP = 4;

  private static final int MAX_BUCKETS = 1 << 29;

  private static final int ARRAY_HEADER_BYTES = 16;

  /** For so many rows at once memory is asked. */
  private static final int TOUCHED_ROWS = 64;

  private final int maxOpenSegments;
  private final long maxOpenRows;

  /** By segment. */
  private final Map<SegmentRef, Integer> slots = new HashMap<>();

  /** How many rows the segments of each slot have. */
  private final long[] slotRows = new long[SLOTS + 1];

  /** Entries, then zeros. There are {@link #bucketCount}; the others are null. */
  private short[][] buckets = {};

  private int bucketCount;

  /** There are from {@code 1 << level} buckets to less than twice as many. */
  private int level;

  /** The first bit of a hash that is part of its fingerprint. */
  private int fingerprintStart;

  private long entries;

  /** Lengths of all arrays of entries. */
  private long places;

  /** Whether the last change came to its end. */
  private boolean complete;

  /** What touching read, so that it is not left out. */
  int touched;

  /** The directory of no segments. */
  IdDirectory() {
    this(MAX_OPEN_SEGMENTS, MAX_OPEN_ROWS);
  }

  /** With other limits of what has no entries. */
  IdDirectory(int maxOpenSegments, long maxOpenRows) {
    this.maxOpenSegments = maxOpenSegments;
    this.maxOpenRows = maxOpenRows;
    fill(List.of());
  }

  /** The directory of segments that may all have any id. */
  static IdDirectory withoutEntries(List<LoadedSegment> segments) {
    IdDirectory directory = new IdDirectory(Integer.MAX_VALUE, Long.MAX_VALUE);
    directory.follow(List.of(), segments, 0);
    return directory;
  }

  /** Bytes of memory it takes at most, now and when it has moved on to so many rows. */
  long bytesFollowing(long rows) {
    long most = bytes(rows, Math.max(bucketCount, bucketsFor(rows)));
    return Math.max(memoryBytes(), most);
  }

  private static long bytes(long rows, long buckets) {
    return Short.BYTES * (rows + buckets * (2 * STEP - 1))
        + (ARRAY_HEADER_BYTES + Long.BYTES) * buckets
        + Long.BYTES * (buckets / 8 + 1);
  }

  /** Bytes of memory it takes. */
  long memoryBytes() {
    return Short.BYTES * places
        + (long) ARRAY_HEADER_BYTES * bucketCount
        + (long) Long.BYTES * buckets.length;
  }

  private static int bucketsFor(long rows) {
    return (int) Math.min(MAX_BUCKETS, rows / BUCKET_ENTRIES + 1);
  }

  /**
   * Moves on to another view.
   *
   * @param gone segments that were there before, and are no more
   * @param segments all that are there now
   * @param kept how many of them, the first ones, were there before
   */
  void follow(List<LoadedSegment> gone, List<LoadedSegment> segments, int kept) {
    List<LoadedSegment> stay = segments.subList(0, kept);
    List<LoadedSegment> came = segments.subList(kept, segments.size());
    if (!isOf(stay, gone) || enteredRows(gone) + rows(came) >= rows(stay)) {
      fill(segments);
      return;
    }
    complete = false;
    gone.forEach(this::remove);
    came.forEach(segment -> give(OPEN_SLOT, segment));
    enterLargest(segments).forEach(this::enter);
    complete = true;
    boolean sparse = bucketCount > 1 && entries < (long) FEWEST_ENTRIES * bucketCount;
    if (sparse || level - fingerprintStart > MAX_DOUBLINGS && fingerprintStart < maxStart()) {
      fill(segments);
    }
  }

  /**
   * Gives slots to the largest of those that have none, until few rows are left. One that is large
   * enough to be the next anyway gets its slot as it comes, when reading it takes longer than that.
   */
  private List<LoadedSegment> enterLargest(List<LoadedSegment> segments) {
    List<LoadedSegment> open = new ArrayList<>(segments);
    open.removeIf(segment -> slot(segment) != OPEN_SLOT);
    open.sort(Comparator.comparingInt(IdDirectory::rows));
    List<LoadedSegment> entered = new ArrayList<>();
    while (open.size() > maxOpenSegments
        || slotRows[OPEN_SLOT] > maxOpenRows
        || !open.isEmpty() && rows(open.get(open.size() - 1)) > maxOpenRows / 2) {
      LoadedSegment largest = open.remove(open.size() - 1);
      slotRows[OPEN_SLOT] -= rows(largest);
      give(slotOfFewestRows(), largest);
      entered.add(largest);
    }
    return entered;
  }

  private void give(int slot, LoadedSegment segment) {
    slots.put(segment.segment.ref(), slot);
    slotRows[slot] += rows(segment);
  }

  /** So that large segments are the last to share one. */
  private int slotOfFewestRows() {
    int fewest = 1;
    for (int slot = 2; slot <= SLOTS; slot++) {
      fewest = slotRows[slot] < slotRows[fewest] ? slot : fewest;
    }
    return fewest;
  }

  /** The slot of a segment. */
  int slot(LoadedSegment segment) {
    return slots.get(segment.segment.ref());
  }

  /** Whether these are its segments: a view that was not completed may have been between. */
  private boolean isOf(List<LoadedSegment> some, List<LoadedSegment> others) {
    return complete
        && slots.size() == some.size() + others.size()
        && some.stream().allMatch(segment -> slots.containsKey(segment.segment.ref()))
        && others.stream().allMatch(segment -> slots.containsKey(segment.segment.ref()));
  }

  private long enteredRows(List<LoadedSegment> segments) {
    return rows(segments.stream().filter(segment -> slot(segment) != OPEN_SLOT).toList());
  }

  private static long rows(List<LoadedSegment> segments) {
    return segments.stream().mapToLong(IdDirectory::rows).sum();
  }

  private static int rows(LoadedSegment segment) {
    return segment.segment.rowCount();
  }

  /** Begins anew: counts the entries of each bucket, then puts them into their places. */
  private void fill(List<LoadedSegment> segments) {
    complete = false;
    slots.clear();
    Arrays.fill(slotRows, 0);
    segments.forEach(segment -> give(OPEN_SLOT, segment));
    List<LoadedSegment> entered = enterLargest(segments);
    entries = rows(entered);
    bucketCount = bucketsFor(entries);
    level = Integer.SIZE - 1 - Integer.numberOfLeadingZeros(bucketCount);
    fingerprintStart = Math.min(level, maxStart());
    // What there was may go before there is more.
    buckets = new short[0][];
    places = 0;
    int[] free = new int[bucketCount];
    for (LoadedSegment segment : entered) {
      IdColumn ids = segment.segment.ids();
      for (int row = 0; row < ids.size(); row++) {
        free[bucket(ids.hash(row))]++;
      }
    }
    buckets = new short[bucketCount][];
    for (int b = 0; b < bucketCount; b++) {
      buckets[b] = new short[length(free[b])];
      places += buckets[b].length;
    }
    for (LoadedSegment segment : entered) {
      int slot = slot(segment);
      IdColumn ids = segment.segment.ids();
      for (int row = 0; row < ids.size(); row++) {
        int hash = ids.hash(row);
        int b = bucket(hash);
        buckets[b][--free[b]] = (short) (fingerprint(hash) | slot);
      }
    }
    complete = true;
  }

  private static int maxStart() {
    return Integer.SIZE - FINGERPRINT_BITS;
  }

  private static int length(int entries) {
    return (entries + STEP - 1) / STEP * STEP;
  }

  private void enter(LoadedSegment segment) {
    int slot = slot(segment);
    IdColumn ids = segment.segment.ids();
    for (int row = 0; row < ids.size(); row++) {
      touchNext(ids, row);
      int hash = ids.hash(row);
      append(bucket(hash), (short) (fingerprint(hash) | slot));
      if (++entries > (long) BUCKET_ENTRIES * bucketCount && bucketCount < MAX_BUCKETS) {
        divideABucket();
      }
    }
  }

  /** Asks memory for the buckets of some ids, so that it brings them all at once. */
  void touch(IdColumn ids, int from, int to) {
    int sum = 0;
    for (int row = from; row < to; row++) {
      short[] bucket = buckets[bucket(ids.hash(row))];
      sum += bucket.length == 0 ? 0 : bucket[bucket.length - 1];
    }
    touched = sum;
  }

  private void touchNext(IdColumn ids, int row) {
    if (row % TOUCHED_ROWS == 0) {
      touch(ids, row, Math.min(ids.size(), row + TOUCHED_ROWS));
    }
  }

  private void append(int b, short entry) {
    short[] bucket = buckets[b];
    int size = size(bucket);
    if (size == bucket.length) {
      bucket = Arrays.copyOf(bucket, size + STEP);
      buckets[b] = bucket;
      places += STEP;
    }
    bucket[size] = entry;
  }

  /** Entries lie before the empty places, of which there are few. */
  private static int size(short[] bucket) {
    int size = bucket.length;
    while (size > 0 && bucket[size - 1] == 0) {
      size--;
    }
    return size;
  }

  private void remove(LoadedSegment segment) {
    int slot = slots.remove(segment.segment.ref());
    slotRows[slot] -= rows(segment);
    IdColumn ids = segment.segment.ids();
    for (int row = 0; row < ids.size() && slot != OPEN_SLOT; row++) {
      touchNext(ids, row);
      int hash = ids.hash(row);
      remove(bucket(hash), (short) (fingerprint(hash) | slot));
      entries--;
    }
  }

  /** Any of several that are the same. */
  private void remove(int b, short entry) {
    short[] bucket = buckets[b];
    int place = 0;
    while (place < bucket.length && bucket[place] != entry) {
      place++;
    }
    int last = size(bucket) - 1;
    if (place > last) {
      throw new IllegalStateException("an id that goes was never entered");
    }
    bucket[place] = bucket[last];
    bucket[last] = 0;
    if (bucket.length - last >= 2 * STEP) {
      buckets[b] = Arrays.copyOf(bucket, bucket.length - STEP);
      places -= STEP;
    }
  }

  /** The next one in turn: the rows whose hash has the bit after those go to a new bucket. */
  private void divideABucket() {
    int from = bucketCount - (1 << level);
    int bit = 1 << SLOT_BITS + level - fingerprintStart;
    short[] old = buckets[from];
    int size = size(old);
    int moving = 0;
    for (int i = 0; i < size; i++) {
      moving += (old[i] & bit) != 0 ? 1 : 0;
    }
    short[] stayed = new short[length(size - moving)];
    short[] moved = new short[length(moving)];
    int stays = 0;
    int moves = 0;
    for (int i = 0; i < size; i++) {
      if ((old[i] & bit) != 0) {
        moved[moves++] = old[i];
      } else {
        stayed[stays++] = old[i];
      }
    }
    if (bucketCount == buckets.length) {
      buckets = Arrays.copyOf(buckets, bucketCount + bucketCount / 8 + 1);
    }
    buckets[from] = stayed;
    buckets[bucketCount++] = moved;
    places += stayed.length + moved.length - old.length;
    if (bucketCount == 2 << level) {
      level++;
    }
  }

  private int bucket(int hash) {
    int bucket = hash & (2 << level) - 1;
    return bucket < bucketCount ? bucket : bucket - (1 << level);
  }

  private int fingerprint(int hash) {
    return hash >>> fingerprintStart << SLOT_BITS & FINGERPRINT_MASK;
  }

  /**
   * The slots of segments that may have an id of this hash, {@link #OPEN_SLOT} always: a bit each.
   */
  long slotsOf(int hash) {
    int fingerprint = fingerprint(hash);
    long found = 1L << OPEN_SLOT;
    for (short entry : buckets[bucket(hash)]) {
      if (((entry ^ fingerprint) & FINGERPRINT_MASK) == 0) {
        // Of the distance the lowest six bits count, which are the slot.
        found |= 1L << entry;
      }
    }
    return found;
  }
}
