package io.tarn.index.segment;

import io.tarn.index.feature.Feature;
import io.tarn.index.snapshot.SegmentRef;
import java.util.List;

/**
 * A segment in memory. Rows {@code 0 … deletes-1} are deletes; the rest are features, sorted by
 * list.
 *
 * @param ref what the snapshot records of it
 * @param deletes how many of the rows are deletes
 * @param listIds the list of each row, ascending; -1 for deletes
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
    int[] listIds,
    IdColumn ids,
    long[] orders,
    long[] positions,
    RowVectors vectors,
    CodeColumns codes,
    List<AttributeColumn> attributes) {

  /** Features and deletes together. */
  public int rowCount() {
    return listIds.length;
  }

  /** Whether a row is a delete. */
  public boolean isDelete(int row) {
    return row < deletes;
  }

  /** A row as the feature, or delete, that was written. */
  public Feature feature(int row) {
    if (isDelete(row)) {
      return Feature.delete(ids.get(row), orders[row], positions[row]);
    }
    Object[] values = new Object[attributes.size()];
    for (int i = 0; i < values.length; i++) {
      values[i] = attributes.get(i).get(row);
    }
    return new Feature(
        ids.get(row), vectors.get(row - deletes), orders[row], positions[row], values);
  }

  /**
   * Whether a row here wins over a row of the same id there: by order, then by the commit that
   * brought it in, then by source position, then by the larger path, so that the rule is total.
   */
  public boolean supersedes(int row, Segment other, int otherRow) {
    int comparison = Long.compare(orders[row], other.orders[otherRow]);
    if (comparison == 0) {
      comparison = Long.compare(ref.sequence(), other.ref.sequence());
    }
    if (comparison == 0) {
      comparison = Long.compare(positions[row], other.positions[otherRow]);
    }
    if (comparison == 0) {
      comparison = ref.path().compareTo(other.ref.path());
    }
    return comparison != 0 ? comparison > 0 : row > otherRow;
  }
}
