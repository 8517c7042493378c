package io.tarn.spark.neighbours;

import io.tarn.index.snapshot.SegmentRef;
import io.tarn.spark.live.LiveSegment;
import java.io.Serializable;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * The live rows of an index in blocks, of which a task holds two at a time. Rows are numbered in
 * the order in which the snapshot has them, whatever the blocks.
 */
public final class RowBlocks implements Serializable {
  /** Of vectors, in a block. */
  private static final long MAX_BLOCK_BYTES = 64L << 20;

  /** Fewer are not worth a task of their own. */
  private static final int MIN_BLOCK_ROWS = 1024;

  /** So that tasks of different length even out. */
  private static final int BLOCKS_PER_TASK = 4;

  /**
   * Rows of a segment.
   *
   * @param segment its place in the snapshot
   * @param fromWord the first word of the live bitmap, with 64 rows a word
   * @param toWord behind the last word
   */
  record Piece(int segment, int fromWord, int toWord) implements Serializable {}

  private final ArrayList<LiveSegment> segments;
  private final ArrayList<ArrayList<Piece>> blocks = new ArrayList<>();
  private int[] firstRows = {0};

  private RowBlocks(List<LiveSegment> segments) {
    this.segments = new ArrayList<>(segments);
  }

  /**
   * Divides an index.
   *
   * @param dimension of its vectors
   * @param tasks how many run at once
   * @throws IllegalArgumentException if there are more than two thousand million live rows
   */
  public static RowBlocks of(List<LiveSegment> segments, int dimension, int tasks) {
    long live = segments.stream().mapToLong(LiveSegment::liveRows).sum();
    long most = Math.max(1, MAX_BLOCK_BYTES / ((long) dimension * Float.BYTES));
    long even = live / ((long) BLOCKS_PER_TASK * tasks) + 1;
    return ofRows(segments, (int) Math.min(most, Math.max(MIN_BLOCK_ROWS, even)));
  }

  /**
   * Divides an index into blocks of about so many live rows.
   *
   * @param blockRows with up to 63 more
   */
  static RowBlocks ofRows(List<LiveSegment> segments, int blockRows) {
    RowBlocks blocks = new RowBlocks(segments);
    long live = segments.stream().mapToLong(LiveSegment::liveRows).sum();
    if (live > Integer.MAX_VALUE) {
      throw new IllegalArgumentException(
          live + " live rows are more than can be grouped at once: " + Integer.MAX_VALUE);
    }
    blocks.divide(blockRows);
    return blocks;
  }

  private void divide(int blockRows) {
    ArrayList<Piece> pieces = new ArrayList<>();
    int rows = 0;
    for (int s = 0; s < segments.size(); s++) {
      long[] live = segments.get(s).live();
      int from = 0;
      for (int word = 0; word < live.length; word++) {
        rows += Long.bitCount(live[word]);
        if (rows >= blockRows) {
          pieces.add(new Piece(s, from, word + 1));
          close(pieces, rows);
          pieces = new ArrayList<>();
          rows = 0;
          from = word + 1;
        }
      }
      if (from < live.length) {
        pieces.add(new Piece(s, from, live.length));
      }
    }
    if (rows > 0) {
      close(pieces, rows);
    }
  }

  private void close(ArrayList<Piece> pieces, int rows) {
    int last = firstRows.length - 1;
    firstRows = Arrays.copyOf(firstRows, last + 2);
    firstRows[last + 1] = firstRows[last] + rows;
    pieces.removeIf(piece -> liveRows(piece) == 0);
    blocks.add(pieces);
  }

  private int liveRows(Piece piece) {
    long[] live = segments.get(piece.segment()).live();
    int rows = 0;
    for (int word = piece.fromWord(); word < piece.toWord(); word++) {
      rows += Long.bitCount(live[word]);
    }
    return rows;
  }

  /** How many blocks there are. */
  public int count() {
    return blocks.size();
  }

  /** How many live rows there are. */
  public int rows() {
    return firstRows[blocks.size()];
  }

  int rows(int block) {
    return firstRows[block + 1] - firstRows[block];
  }

  /** The number of a block's first row. */
  int firstRow(int block) {
    return firstRows[block];
  }

  List<Piece> pieces(int block) {
    return blocks.get(block);
  }

  SegmentRef ref(Piece piece) {
    return segments.get(piece.segment()).ref();
  }

  long[] live(Piece piece) {
    return segments.get(piece.segment()).live();
  }

  /**
   * The blocks with which a block is compared, itself first: of any two blocks one is compared with
   * the other, and all with equally many, but for one.
   */
  int[] partners(int block) {
    int count = count();
    int others = (count - 1) / 2 + (count % 2 == 0 && block < count / 2 ? 1 : 0);
    int[] partners = new int[others + 1];
    for (int i = 0; i < partners.length; i++) {
      partners[i] = (block + i) % count;
    }
    return partners;
  }
}
