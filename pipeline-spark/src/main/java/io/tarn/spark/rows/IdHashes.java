package io.tarn.spark.rows;

import io.tarn.index.feature.Schema;
import java.io.Serializable;
import java.util.ArrayDeque;
import java.util.Arrays;
import java.util.Iterator;
import java.util.NoSuchElementException;
import java.util.Queue;
import scala.Tuple2;

/**
 * Goes through rows and gives the hashes of the ids of those that are not set aside: in blocks, by
 * partition, so that equal hashes meet; and in the end a {@link PartCount}.
 */
final class IdHashes implements Iterator<Tuple2<Integer, Serializable>> {
  private static final int MAX_BLOCK_HASHES = 4096;

  /** Of all blocks that are being filled, one for each partition. */
  private static final int MAX_HASHES = 1 << 19;

  /** A block takes some hundred bytes beside the hashes. */
  private static final int MIN_BLOCK_HASHES = 64;

  private final Iterator<InputRow> rows;
  private final Schema schema;
  private final int blockHashes;
  private final PartCount count = new PartCount();
  private final long[][] blocks;
  private final int[] sizes;
  private final Queue<Tuple2<Integer, Serializable>> ready = new ArrayDeque<>();
  private boolean ended;

  IdHashes(Iterator<InputRow> rows, Schema schema, int partitions) {
    this.rows = rows;
    this.schema = schema;
    this.blockHashes =
        Math.max(MIN_BLOCK_HASHES, Math.min(MAX_BLOCK_HASHES, MAX_HASHES / partitions));
    this.blocks = new long[partitions][];
    this.sizes = new int[partitions];
  }

  @Override
  public boolean hasNext() {
    while (ready.isEmpty() && !ended) {
      if (rows.hasNext()) {
        add(rows.next());
      } else {
        end();
      }
    }
    return !ready.isEmpty();
  }

  @Override
  public Tuple2<Integer, Serializable> next() {
    if (!hasNext()) {
      throw new NoSuchElementException();
    }
    return ready.remove();
  }

  private void add(InputRow row) {
    if (!count.add(row, schema)) {
      return;
    }
    long hash = Mixing.hash(((InputRow.Readable) row).id());
    int partition = (int) Long.remainderUnsigned(hash, blocks.length);
    if (blocks[partition] == null) {
      blocks[partition] = new long[blockHashes];
    }
    blocks[partition][sizes[partition]++] = hash;
    if (sizes[partition] == blockHashes) {
      give(partition);
    }
  }

  private void give(int partition) {
    ready.add(new Tuple2<>(partition, Arrays.copyOf(blocks[partition], sizes[partition])));
    sizes[partition] = 0;
  }

  private void end() {
    for (int partition = 0; partition < blocks.length; partition++) {
      if (sizes[partition] > 0) {
        give(partition);
      }
    }
    ready.add(new Tuple2<>(0, count));
    ended = true;
  }
}
