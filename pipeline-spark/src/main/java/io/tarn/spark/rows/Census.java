package io.tarn.spark.rows;

import io.tarn.index.feature.RejectedFeatureException.Reason;
import io.tarn.index.feature.Schema;
import java.io.Serializable;
import java.util.Arrays;
import java.util.EnumMap;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import org.apache.spark.api.java.JavaRDD;
import scala.Tuple2;

/**
 * What the rows of an input are, all counted once, whatever tasks had to be repeated.
 *
 * @param features rows with a vector the index takes
 * @param deletes rows that are deletes
 * @param rejected rows set aside, by reason
 * @param bytes about how many bytes the features take in segments
 * @param idsRepeat whether some id occurs more than once (or, hardly ever, two ids have one hash)
 */
public record Census(
    long features, long deletes, Map<Reason, Long> rejected, long bytes, boolean idsRepeat) {

  /** How many ids, about, one task compares: what it holds does not grow with the input. */
  private static final int IDS_PER_TASK = 1 << 19;

  /**
   * Counts the rows.
   *
   * @param idsToCompare about how many rows there are; 0 if no two of them can have the same id
   */
  public static Census take(JavaRDD<InputRow> rows, Schema schema, long idsToCompare) {
    List<PartCount> parts =
        idsToCompare == 0
            ? rows.mapPartitions(each -> Arrays.asList(countOnly(each, schema)).iterator())
                .collect()
            : hashedById(rows, schema, idsToCompare).mapPartitions(Census::ofHashes).collect();
    PartCount all = new PartCount();
    parts.forEach(all::add);
    Map<Reason, Long> rejected = new EnumMap<>(Reason.class);
    for (Reason reason : Reason.values()) {
      if (all.rejected[reason.ordinal()] > 0) {
        rejected.put(reason, all.rejected[reason.ordinal()]);
      }
    }
    return new Census(all.features, all.deletes, rejected, all.bytes, all.idsRepeat);
  }

  /** Rows that are not set aside. */
  public long accepted() {
    return features + deletes;
  }

  /** Rows set aside. */
  public long rejectedRows() {
    return rejected.values().stream().mapToLong(Long::longValue).sum();
  }

  private static PartCount countOnly(Iterator<InputRow> rows, Schema schema) {
    PartCount count = new PartCount();
    rows.forEachRemaining(row -> count.add(row, schema));
    return count;
  }

  /** Hashes of ids, in blocks, each sent where the same hashes of other tasks go; and counts. */
  private static JavaRDD<Serializable> hashedById(JavaRDD<InputRow> rows, Schema schema, long ids) {
    int partitions = Math.max(rows.getNumPartitions(), Math.toIntExact(1 + ids / IDS_PER_TASK));
    return BlockShuffle.of(
            rows.mapPartitions(
                each ->
                    (Iterator<Tuple2<Integer, Serializable>>)
                        new IdHashes(each, schema, partitions)),
            partitions)
        .values();
  }

  private static Iterator<PartCount> ofHashes(Iterator<Serializable> parts) {
    PartCount count = new PartCount();
    long[] hashes = new long[1024];
    int size = 0;
    while (parts.hasNext()) {
      Serializable part = parts.next();
      if (part instanceof PartCount other) {
        count.add(other);
        continue;
      }
      long[] block = (long[]) part;
      if (size + block.length > hashes.length) {
        hashes = Arrays.copyOf(hashes, Math.max(size + block.length, 2 * hashes.length));
      }
      System.arraycopy(block, 0, hashes, size, block.length);
      size += block.length;
    }
    Arrays.sort(hashes, 0, size);
    for (int i = 1; i < size; i++) {
      count.idsRepeat |= hashes[i] == hashes[i - 1];
    }
    return List.of(count).iterator();
  }
}
