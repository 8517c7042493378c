package io.tarn.spark.live;

import io.tarn.index.filter.BoundFilter;
import io.tarn.index.format.SegmentReader;
import io.tarn.index.segment.Segment;
import io.tarn.index.storage.Storage;
import io.tarn.spark.segment.IndexLocation;
import java.io.Closeable;
import java.io.IOException;
import java.util.Iterator;
import java.util.List;
import java.util.Optional;

/**
 * Goes through the live rows of segments, one segment after the other. In memory are the columns,
 * but for the vectors, of one segment; vectors are mapped, or read a page at a time.
 */
public final class LiveRowCursor implements Closeable {
  private final Storage storage;
  private final RowContent content;
  private final Optional<BoundFilter> filter;
  private final Iterator<LiveSegment> remaining;
  private SegmentReader reader;
  private Segment segment;
  private long[] wanted = {};
  private int row = -1;

  /**
   * Stands before the first row.
   *
   * @param content what is to be read
   * @param segments of the index, with their live rows
   */
  public LiveRowCursor(IndexLocation location, RowContent content, List<LiveSegment> segments)
      throws IOException {
    this.storage = location.open();
    this.content = content;
    this.filter = content.filter().map(f -> f.bind(content.schema()));
    this.remaining = segments.iterator();
  }

  /** Moves on to the next row; false if there is none. */
  public boolean next() throws IOException {
    row++;
    while (true) {
      int word = row >> 6;
      if (word < wanted.length) {
        long rest = wanted[word] & -1L << row;
        if (rest != 0) {
          row = word * Long.SIZE + Long.numberOfTrailingZeros(rest);
          return true;
        }
        row = (word + 1) * Long.SIZE;
      } else if (remaining.hasNext()) {
        open(remaining.next());
        row = 0;
      } else {
        return false;
      }
    }
  }

  private void open(LiveSegment next) throws IOException {
    closeReader();
    reader = SegmentReader.open(storage, next.ref(), content.schema());
    segment =
        content.vectors()
            ? reader.readColumnsAndVectors(content.attributesRead())
            : reader.readColumns(content.attributesRead());
    wanted = next.live();
    if (filter.isPresent()) {
      wanted = filter.get().matching(segment);
      for (int word = 0; word < wanted.length; word++) {
        wanted[word] &= next.live()[word];
      }
    }
  }

  /** The segment of the row the cursor stands at; columns that were not asked for are empty. */
  public Segment segment() {
    return segment;
  }

  /** The row of {@link #segment} the cursor stands at. */
  public int row() {
    return row;
  }

  private void closeReader() throws IOException {
    if (reader != null) {
      reader.close();
      reader = null;
    }
  }

  @Override
  public void close() throws IOException {
    try {
      closeReader();
    } finally {
      storage.close();
    }
  }
}
