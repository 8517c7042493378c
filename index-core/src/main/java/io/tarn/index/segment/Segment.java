package io.tarn.index.segment;

import io.tarn.index.feature.Feature;
import io.tarn.index.snapshot.SegmentRef;
import java.util.ArrayList;
import java.util.List;

/**
 * A segment in memory. Rows {@code 0 … deletes-1} are deletes; the rest are features, sorted by
 * list.
 *
 * @param ref what the snapshot records of it
 * @param deletes how many of the rows are deletes
 * @param lists the list of each row, ascending; -1 for deletes
 * @param ids the id of each row
 * @param orders the event order of each row
 * @param positions the source position of each row
 * @param vectors the vectors of the features: that of row r is the vector {@code r - deletes}
 * @param codes the codes of the features; null if the segment has none
 * @param attributes for each attribute of the schema the values of the rows, null for deletes
 */
public record Segment(
    SegmentRef ref,
    int deletes,
    ListRuns lists,
    IdColumn ids,
    LongColumn orders,
    LongColumn positions,
    RowVectors vectors,
    CodeColumns codes,
    List<AttributeColumn> attributes) {

  /** Features and deletes together. */
  public int rowCount() {
    return ids.size();
  }

  /** Whether a row is a delete. */
  public boolean isDelete(int row) {
    return row < deletes;
  }

  /** This segment without its codes, once they are kept in another form. */
  public Segment withoutCodes() {
    return new Segment(ref, deletes, lists, ids, orders, positions, vectors, null, attributes);
  }

  /**
   * This segment under a schema that has grown since it was read.
   *
   * @param count how many attributes the schema has
   */
  public Segment withAttributes(int count) {
    if (attributes.size() == count) {
      return this;
    }
    List<AttributeColumn> all = new ArrayList<>(attributes);
    while (all.size() < count) {
      all.add(AttributeColumn.Absent.of(rowCount()));
    }
    return new Segment(ref, deletes, lists, ids, orders, positions, vectors, codes, all);
  }

  /** Bytes of memory it takes, vectors and codes included. */
  public long memoryBytes() {
    long bytes =
        lists.memoryBytes()
            + ids.memoryBytes()
            + orders.memoryBytes()
            + positions.memoryBytes()
            + vectors.memoryBytes()
            + (codes == null ? 0 : codes.memoryBytes());
    for (AttributeColumn attribute : attributes) {
      bytes += attribute.memoryBytes();
    }
    return bytes;
  }

  /** A row as the feature, or delete, that was written. */
  public Feature feature(int row) {
    if (isDelete(row)) {
      return Feature.delete(ids.get(row), orders.get(row), positions.get(row));
    }
    Object[] values = new Object[attributes.size()];
    for (int i = 0; i < values.length; i++) {
      values[i] = attributes.get(i).get(row);
    }
    return new Feature(
        ids.get(row), vectors.get(row - deletes), orders.get(row), positions.get(row), values);
  }

  /**
   * Whether a row here wins over a row of the same id there: by order, then by the commit that
   * brought it in, then by source position, then by the larger path, so that the rule is total.
   */
  public boolean supersedes(int row, Segment other, int otherRow) {
    int comparison = Long.compare(orders.get(row), other.orders.get(otherRow));
    if (comparison == 0) {
      comparison = Long.compare(ref.sequence(), other.ref.sequence());
    }
    if (comparison == 0) {
      comparison = Long.compare(positions.get(row), other.positions.get(otherRow));
    }
    if (comparison == 0) {
      comparison = ref.path().compareTo(other.ref.path());
    }
    return comparison != 0 ? comparison > 0 : row > otherRow;
  }
}
