package io.tarn.spark;

import io.tarn.index.commit.NoSuchVersionException;
import io.tarn.index.commit.NoVersionAsOfException;
import io.tarn.index.commit.NotAnIndexException;
import io.tarn.index.commit.SnapshotLog;
import io.tarn.index.feature.Metric;
import io.tarn.index.snapshot.Snapshot;
import io.tarn.index.storage.Storage;
import io.tarn.spark.input.UnusableInputException;
import io.tarn.spark.live.SettledRows;
import io.tarn.spark.live.SnapshotChoice;
import io.tarn.spark.neighbours.RowBlocks;
import io.tarn.spark.segment.IndexLocation;
import java.io.IOException;
import java.util.Optional;
import org.apache.spark.sql.SparkSession;

/**
 * A version of an index to be looked at as a whole.
 *
 * @param location where the index is
 * @param snapshot the version
 * @param blocks its live rows, at least one
 */
record LiveIndex(IndexLocation location, Snapshot snapshot, RowBlocks blocks) {

  /**
   * Opens a version.
   *
   * @param version its number; the newest by default
   * @param timestamp in place of it: the time at which it was the newest
   * @throws UnusableInputException if there is no such index or version, or it has no live rows
   */
  static LiveIndex open(
      SparkSession spark, String index, Optional<String> version, Optional<String> timestamp)
      throws IOException {
    IndexLocation location = new IndexLocation(spark.sparkContext(), index);
    Snapshot snapshot;
    try (Storage storage = location.open()) {
      snapshot =
          SnapshotChoice.of(
                  version.orElse(null), timestamp.orElse(null), SnapshotChoice.timeZone(spark))
              .snapshot(new SnapshotLog(storage));
    } catch (NotAnIndexException | NoSuchVersionException | NoVersionAsOfException e) {
      throw new UnusableInputException(e.getMessage(), e);
    }
    RowBlocks blocks;
    try {
      blocks =
          RowBlocks.of(
              SettledRows.of(spark, location, snapshot),
              snapshot.schema().dimension(),
              spark.sparkContext().defaultParallelism());
    } catch (IllegalArgumentException e) {
      throw new UnusableInputException(e.getMessage(), e);
    }
    if (blocks.rows() == 0) {
      throw new UnusableInputException(
          "version " + snapshot.version() + " of " + index + " has no live rows");
    }
    return new LiveIndex(location, snapshot, blocks);
  }

  /** Refuses an index whose metric measures no distances. */
  LiveIndex withDistances(String setting) {
    if (snapshot.schema().metric() == Metric.INNER_PRODUCT) {
      throw new UnusableInputException(
          "the metric of "
              + location
              + " is inner_product, which is no distance: a row need not be the nearest to itself,"
              + " and "
              + setting
              + " would mean nothing. Build an index with l2 or cosine of the same vectors");
    }
    return this;
  }
}
