package io.tarn.spark.segment;

import io.tarn.index.centroid.Assigner;
import io.tarn.index.centroid.Model;
import io.tarn.index.feature.Feature;
import io.tarn.index.feature.RejectedFeatureException;
import io.tarn.index.feature.Schema;
import io.tarn.spark.rows.InputRow;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.NoSuchElementException;

/** Assigns the rows that are not set aside to lists, a block at a time. */
final class AssignedRows implements Iterator<AssignedRow> {
  private static final int MAX_BLOCK_ROWS = 1024;

  /** Of vectors, which a block holds twice: as features, and side by side. */
  private static final int MAX_BLOCK_BYTES = 2 << 20;

  private final Iterator<InputRow> rows;
  private final boolean stored;
  private final Schema schema;
  private final Assigner assigner;
  private final int blockRows;
  private final List<Feature> block;
  private final float[] vectors;
  private final int[] lists;
  private int next;

  /**
   * @param stored whether the rows are features of an index, whose vectors are taken as they are
   */
  AssignedRows(Iterator<InputRow> rows, Schema schema, Model model, boolean stored) {
    this.rows = rows;
    this.stored = stored;
    this.schema = schema;
    this.assigner = new Assigner(model);
    this.blockRows =
        Math.max(1, Math.min(MAX_BLOCK_ROWS, MAX_BLOCK_BYTES / (schema.dimension() * Float.BYTES)));
    this.block = new ArrayList<>(blockRows);
    this.vectors = new float[blockRows * schema.dimension()];
    this.lists = new int[blockRows];
  }

  @Override
  public boolean hasNext() {
    if (next == block.size()) {
      fill();
    }
    return next < block.size();
  }

  @Override
  public AssignedRow next() {
    if (!hasNext()) {
      throw new NoSuchElementException();
    }
    return new AssignedRow(lists[next], block.get(next++));
  }

  private void fill() {
    block.clear();
    next = 0;
    while (block.size() < blockRows && rows.hasNext()) {
      if (rows.next() instanceof InputRow.Readable readable) {
        try {
          block.add(stored ? readable.storedFeature() : readable.toFeature(schema));
        } catch (RejectedFeatureException e) {
          continue; // Counted, and reported, by the census.
        }
      }
    }
    int features = 0;
    for (Feature feature : block) {
      if (!feature.deleted()) {
        System.arraycopy(
            feature.vector(), 0, vectors, features++ * schema.dimension(), schema.dimension());
      }
    }
    int[] assigned = new int[features];
    assigner.assign(vectors, 0, features, assigned, 0);
    int feature = 0;
    for (int i = 0; i < block.size(); i++) {
      lists[i] = block.get(i).deleted() ? ListRanges.DELETES : assigned[feature++];
    }
  }
}
