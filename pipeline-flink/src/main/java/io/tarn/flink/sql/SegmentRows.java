package io.tarn.flink.sql;

import io.tarn.index.filter.Filter;
import io.tarn.index.format.SegmentReader;
import io.tarn.index.segment.Segment;
import io.tarn.index.storage.Storage;
import java.io.Closeable;
import java.io.IOException;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import org.apache.flink.table.data.GenericRowData;
import org.apache.flink.table.data.RowData;

/** Goes through the rows of a split. Vectors are mapped, or read a page at a time. */
final class SegmentRows implements Closeable {
  private final SegmentSplit split;
  private final TableColumns columns;
  private final SegmentReader reader;
  private final Segment segment;
  private final int[] attributes;
  private final long[] wanted;
  private int next;

  SegmentRows(Storage storage, SnapshotSource source, SegmentSplit split) throws IOException {
    this.split = split;
    this.columns = source.columns();
    this.reader = SegmentReader.open(storage, split.segment(), source.schema());
    try {
      Optional<Filter> filter = Filters.parse(source.filters(), source.schema());
      Set<String> names = new HashSet<>(columns.attributes());
      filter.ifPresent(f -> names.addAll(f.names()));
      names.remove(Filter.ID);
      this.segment =
          columns.haveVector() ? reader.readColumnsAndVectors(names) : reader.readColumns(names);
      this.wanted = split.live().clone();
      if (filter.isPresent()) {
        long[] matching = filter.get().bind(source.schema()).matching(segment);
        for (int word = 0; word < wanted.length; word++) {
          wanted[word] &= matching[(split.firstRow() >> 6) + word];
        }
      }
    } catch (IOException | RuntimeException e) {
      reader.close();
      throw e;
    }
    this.attributes =
        columns.columns().stream()
            .mapToInt(column -> source.schema().attributeIndex(column.name()))
            .toArray();
  }

  /** The next row, or null if there is none. */
  RowData next() {
    while (next >> 6 < wanted.length) {
      long rest = wanted[next >> 6] & -1L << next;
      if (rest != 0) {
        int row = (next & -Long.SIZE) + Long.numberOfTrailingZeros(rest);
        next = row + 1;
        return row(split.firstRow() + row);
      }
      next = (next & -Long.SIZE) + Long.SIZE;
    }
    return null;
  }

  private RowData row(int row) {
    List<TableColumns.Column> all = columns.columns();
    GenericRowData values = new GenericRowData(all.size());
    for (int i = 0; i < all.size(); i++) {
      values.setField(
          i,
          switch (all.get(i).role()) {
            case ID -> TableColumns.toFlink(segment.ids().get(row));
            case VECTOR -> TableColumns.toFlink(segment.vectors().get(row - segment.deletes()));
            case ATTRIBUTE ->
                TableColumns.toFlink(segment.attributes().get(attributes[i]).get(row));
          });
    }
    return values;
  }

  /** What is left to be read. */
  SegmentSplit rest() {
    return split.from(split.firstRow() + next);
  }

  @Override
  public void close() throws IOException {
    reader.close();
  }
}
