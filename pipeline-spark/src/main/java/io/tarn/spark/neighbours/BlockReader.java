package io.tarn.spark.neighbours;

import io.tarn.index.centroid.Model;
import io.tarn.index.commit.SnapshotLog;
import io.tarn.index.feature.FeatureId;
import io.tarn.index.format.ModelFile;
import io.tarn.index.format.SegmentReader;
import io.tarn.index.segment.ListRuns;
import io.tarn.index.segment.Segment;
import io.tarn.index.snapshot.Snapshot;
import io.tarn.index.storage.Storage;
import io.tarn.spark.segment.IndexLocation;
import java.io.Closeable;
import java.io.IOException;
import java.util.Arrays;
import java.util.Set;

/** Reads blocks of one version of an index. */
public final class BlockReader implements Closeable {
  private final Storage storage;
  private final Snapshot snapshot;
  private final RowBlocks blocks;
  private final Model model;

  /**
   * Opens a version.
   *
   * @param blocks of that version
   */
  public BlockReader(IndexLocation location, long version, RowBlocks blocks) throws IOException {
    this.storage = location.open();
    this.blocks = blocks;
    try {
      this.snapshot = new SnapshotLog(storage).read(version);
      this.model = ModelFile.read(storage, snapshot.model());
    } catch (IOException | RuntimeException e) {
      storage.close();
      throw e;
    }
  }

  Model model() {
    return model;
  }

  /** Receives live rows in order. */
  public interface Rows {
    /**
     * Takes a row.
     *
     * @param row its number in the index
     * @param list its place in the model
     * @param segment holds it
     * @param segmentRow where in the segment
     */
    void accept(int row, int list, Segment segment, int segmentRow);
  }

  /** Goes through the rows of a block. */
  public void forEach(int block, boolean vectors, Rows rows) throws IOException {
    int number = blocks.firstRow(block);
    for (RowBlocks.Piece piece : blocks.pieces(block)) {
      try (SegmentReader reader =
          SegmentReader.open(storage, blocks.ref(piece), snapshot.schema())) {
        Segment segment =
            vectors ? reader.readColumnsAndVectors(Set.of()) : reader.readColumns(Set.of());
        number = forEach(piece, segment, number, rows);
      }
    }
  }

  private int forEach(RowBlocks.Piece piece, Segment segment, int firstNumber, Rows rows) {
    int number = firstNumber;
    ListRuns lists = segment.lists();
    long[] live = blocks.live(piece);
    int run = 0;
    for (int word = piece.fromWord(); word < piece.toWord(); word++) {
      for (long bits = live[word]; bits != 0; bits &= bits - 1) {
        int row = word * Long.SIZE + Long.numberOfTrailingZeros(bits);
        while (lists.end(run) <= row) {
          run++;
        }
        rows.accept(number++, Arrays.binarySearch(model.listIds(), lists.list(run)), segment, row);
      }
    }
    return number;
  }

  /** The rows of a block, vectors and all. */
  BlockRows rows(int block, Projection projection) throws IOException {
    int first = blocks.firstRow(block);
    int dimension = model.dimension();
    int[] lists = new int[blocks.rows(block)];
    float[] vectors = new float[lists.length * dimension];
    forEach(
        block,
        true,
        (number, list, segment, row) -> {
          lists[number - first] = list;
          segment.vectors().copy(row - segment.deletes(), vectors, (number - first) * dimension);
        });
    return BlockRows.of(vectors, lists, model, projection);
  }

  /** The ids of a block's rows. */
  FeatureId[] ids(int block) throws IOException {
    int first = blocks.firstRow(block);
    FeatureId[] ids = new FeatureId[blocks.rows(block)];
    forEach(
        block, false, (number, list, segment, row) -> ids[number - first] = segment.ids().get(row));
    return ids;
  }

  @Override
  public void close() throws IOException {
    storage.close();
  }
}
