package io.tarn.spark.maintain;

import io.tarn.index.feature.Schema;
import io.tarn.index.format.SegmentReader;
import io.tarn.index.maintain.ListSampling;
import io.tarn.index.maintain.SegmentFate;
import io.tarn.index.segment.Segment;
import io.tarn.index.storage.Storage;
import io.tarn.spark.rows.Packed;
import io.tarn.spark.segment.IndexLocation;
import java.io.IOException;
import java.io.Serializable;
import java.io.UncheckedIOException;
import java.util.BitSet;
import java.util.Iterator;
import java.util.NoSuchElementException;
import java.util.Set;
import java.util.SortedMap;
import java.util.TreeMap;
import org.apache.spark.TaskContext;
import org.apache.spark.util.TaskCompletionListener;
import scala.Tuple2;

/** The rows that are drawn of one segment, by list; those of one list at a time are in memory. */
final class DrawnRows implements Iterator<Tuple2<Integer, Packed<DrawnRows.OfSegment>>> {
  private final ListSampling sampling;
  private final int number;
  private final Storage storage;
  private final SegmentReader reader;
  private final Segment segment;
  private final BitSet newest;
  private int nextRun;
  private float[] next = {};

  /**
   * Rows of a list from one segment.
   *
   * @param number the place of the segment in the snapshot
   */
  record OfSegment(int number, float[] rows) implements Serializable {}

  /**
   * To be made by a task, which closes it when it ends.
   *
   * @param number the place of the segment in the snapshot
   */
  DrawnRows(
      IndexLocation location, Schema schema, int number, SegmentFate fate, ListSampling sampling)
      throws IOException {
    this.sampling = sampling;
    this.number = number;
    this.newest = fate.kept(false);
    this.storage = location.open();
    try {
      this.reader = SegmentReader.open(storage, fate.ref(), schema);
    } catch (IOException | RuntimeException e) {
      storage.close();
      throw e;
    }
    TaskContext.get().addTaskCompletionListener((TaskCompletionListener) ended -> close());
    this.segment = reader.readColumnsAndVectors(Set.of());
  }

  /** The rows of a list in the order of the segments, whatever order they came in. */
  static float[] joined(Iterable<Packed<OfSegment>> parts) {
    SortedMap<Integer, float[]> bySegment = new TreeMap<>();
    parts.forEach(part -> bySegment.put(part.get().number(), part.get().rows()));
    return ListSampling.joined(bySegment.values());
  }

  @Override
  public boolean hasNext() {
    while (next.length == 0 && nextRun < segment.lists().count()) {
      next = sampling.draw(segment, number, nextRun++, newest::get);
    }
    return next.length > 0;
  }

  @Override
  public Tuple2<Integer, Packed<OfSegment>> next() {
    if (!hasNext()) {
      throw new NoSuchElementException();
    }
    OfSegment drawn = new OfSegment(number, next);
    next = new float[0];
    return new Tuple2<>(segment.lists().list(nextRun - 1), Packed.of(drawn));
  }

  private void close() {
    try {
      reader.close();
      storage.close();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
