package io.tarn.index.search;

import io.tarn.index.centroid.Model;
import io.tarn.index.format.DamagedFileException;
import io.tarn.index.quantize.Quantizer;
import io.tarn.index.segment.IdColumn;
import io.tarn.index.segment.ListRuns;
import io.tarn.index.segment.Segment;
import java.util.Arrays;
import java.util.Optional;

/**
 * A segment with what a reader adds to it, immutable once made: where each list begins, and which
 * rows have an id.
 */
final class LoadedSegment {
  /** Rows of a bucket of ids on average; rows are few bytes, and looking at a wrong one costs. */
  private static final int ROWS_PER_BUCKET = 2;

  final Segment segment;

  /** The rows of the i-th list of the model are {@code listStarts[i]} up to the next. */
  private final int[] listStarts;

  /** Where in {@link #bucketRows} the rows begin whose ids hash to a bucket, and the end of all. */
  private final int[] bucketStarts;

  /** All rows, bucket by bucket. */
  private final int[] bucketRows;

  /** The codes laid out for scanning; null if the segment has none of one bit. */
  final CodeBlocks codes;

  /** The codes of more bits, one row after the other; null if the segment has none. */
  final RowCodes rowCodes;

  /**
   * @param read the segment, whose codes are laid out anew and not kept as they are
   */
  LoadedSegment(Segment read, SearchModel model) throws DamagedFileException {
    this.segment = read.withoutCodes();
    this.listStarts = listStarts(read, model.model());
    this.bucketStarts = new int[bucketCount(read.rowCount()) + 1];
    this.bucketRows = new int[read.rowCount()];
    fillBuckets();
    boolean hasSigns = read.codes() != null && read.codes().quantizer() instanceof Quantizer.RaBitQ;
    this.codes =
        hasSigns
            ? CodeBlocks.of(model.model().dimension(), read.codes(), codeStarts(), model.centers())
            : null;
    this.rowCodes = RowCodes.of(model.model().dimension(), read.codes());
  }

  private LoadedSegment(LoadedSegment other, Segment segment, int[] listStarts, CodeBlocks codes) {
    this.segment = segment;
    this.listStarts = listStarts;
    this.bucketStarts = other.bucketStarts;
    this.bucketRows = other.bucketRows;
    this.codes = codes;
    this.rowCodes = other.rowCodes;
  }

  /**
   * This segment under another model, sharing all that is large with it; empty if it has codes that
   * depend on what changed, or rows of a list that is gone.
   */
  Optional<LoadedSegment> under(SearchModel old, SearchModel model) {
    if (old == model) {
      return Optional.of(this);
    }
    ListRuns runs = segment.lists();
    int[] oldIds = old.model().listIds();
    int[] newIds = model.model().listIds();
    int[] slots = new int[newIds.length];
    for (int run = segment.deletes() > 0 ? 1 : 0; run < runs.count(); run++) {
      int oldList = Arrays.binarySearch(oldIds, runs.list(run));
      int newList = Arrays.binarySearch(newIds, runs.list(run));
      if (newList < 0) {
        return Optional.empty();
      }
      boolean coded = codes != null || rowCodes != null;
      if (coded && !model.hasSame(newList, old, oldList)) {
        return Optional.empty();
      }
      if (codes != null) {
        slots[newList] = codes.firstSlot(oldList);
      }
    }
    try {
      return Optional.of(
          new LoadedSegment(
              this,
              segment,
              listStarts(segment, model.model()),
              codes == null ? null : codes.withListSlots(slots)));
    } catch (DamagedFileException e) {
      return Optional.empty();
    }
  }

  /** This segment under a schema that has grown to so many attributes. */
  LoadedSegment withAttributes(int count) {
    return segment.attributes().size() == count
        ? this
        : new LoadedSegment(this, segment.withAttributes(count), listStarts, codes);
  }

  /**
   * The most memory it takes beside the segment's columns and vectors.
   *
   * @param rows features and deletes
   * @param lists lists of the model
   */
  static long bytesFor(int rows, int lists, Quantizer quantizer, int dimension) {
    return (long) Integer.BYTES * (rows + bucketCount(rows) + 1)
        // Here, in the codes, and twice in the runs of the segment.
        + 4L * Integer.BYTES * (lists + 1)
        + (quantizer instanceof Quantizer.RaBitQ ? CodeBlocks.bytesFor(dimension, rows, lists) : 0)
        + RowCodes.bytesFor(quantizer, dimension, rows);
  }

  private static int bucketCount(int rows) {
    return Math.max(1, rows / ROWS_PER_BUCKET);
  }

  /** Bytes of memory it takes. */
  long memoryBytes() {
    return segment.memoryBytes()
        + (long) Integer.BYTES * (listStarts.length + bucketStarts.length + bucketRows.length)
        + (codes == null ? 0 : codes.memoryBytes())
        + (rowCodes == null ? 0 : rowCodes.memoryBytes());
  }

  /** List starts as codes count them: from the first feature on. */
  private int[] codeStarts() {
    int[] starts = listStarts.clone();
    for (int i = 0; i < starts.length; i++) {
      starts[i] -= segment.deletes();
    }
    return starts;
  }

  private static int[] listStarts(Segment segment, Model model) throws DamagedFileException {
    ListRuns runs = segment.lists();
    int[] starts = new int[model.listCount() + 1];
    int run = segment.deletes() > 0 ? 1 : 0;
    boolean sound = run == 0 || (runs.list(0) < 0 && runs.end(0) == segment.deletes());
    for (int list = 0; list < model.listCount(); list++) {
      starts[list] = run < runs.count() ? runs.start(run) : segment.rowCount();
      if (run < runs.count() && runs.list(run) == model.listIds()[list]) {
        run++;
      }
    }
    starts[model.listCount()] = segment.rowCount();
    if (!sound || run < runs.count()) {
      int wrong = sound ? run : 0;
      throw new DamagedFileException(
          segment.ref().path(),
          "has row "
              + runs.start(wrong)
              + " in list "
              + runs.list(wrong)
              + ", which is out of order or not in the model");
    }
    return starts;
  }

  /** Counts the rows of each bucket, then puts them into their places. */
  private void fillBuckets() {
    IdColumn ids = segment.ids();
    for (int row = 0; row < bucketRows.length; row++) {
      bucketStarts[bucket(ids.hash(row))]++;
    }
    int end = 0;
    for (int bucket = 0; bucket < bucketStarts.length; bucket++) {
      end += bucketStarts[bucket];
      bucketStarts[bucket] = end;
    }
    // Each start moves down from the end of its bucket as its rows come in.
    for (int row = bucketRows.length - 1; row >= 0; row--) {
      bucketRows[--bucketStarts[bucket(ids.hash(row))]] = row;
    }
  }

  /** Any number of buckets, evenly filled: the hash is taken as a fraction of 2³². */
  private int bucket(int hash) {
    long fraction = hash & 0xFFFF_FFFFL;
    return (int) (fraction * (bucketStarts.length - 1) >>> Integer.SIZE);
  }

  int listStart(int list) {
    return listStarts[list];
  }

  int listEnd(int list) {
    return listStarts[list + 1];
  }

  /** The first of the places to look for an id at. */
  int firstPlace(int hash) {
    return bucketStarts[bucket(hash)];
  }

  /** The place behind the last one to look for an id at. */
  int endPlace(int hash) {
    return bucketStarts[bucket(hash) + 1];
  }

  /** The row at a place. */
  int rowAt(int place) {
    return bucketRows[place];
  }

  /** Receives rows. */
  interface RowConsumer {
    void accept(int row);
  }

  /** Gives every row that has the id of {@code row} of {@code ids}: none, one, or rarely more. */
  void forEachRowOf(IdColumn ids, int row, RowConsumer consumer) {
    int hash = ids.hash(row);
    int end = endPlace(hash);
    for (int place = firstPlace(hash); place < end; place++) {
      if (segment.ids().sameId(bucketRows[place], ids, row)) {
        consumer.accept(bucketRows[place]);
      }
    }
  }
}
