package io.tarn.spark.source;

import io.tarn.index.commit.SnapshotLog;
import io.tarn.index.filter.Filter;
import io.tarn.index.snapshot.Snapshot;
import io.tarn.index.storage.Storage;
import io.tarn.spark.input.UnusableInputException;
import io.tarn.spark.segment.IndexLocation;
import java.io.IOException;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.function.Supplier;
import org.apache.spark.sql.SparkSession;
import org.apache.spark.sql.connector.catalog.SupportsRead;
import org.apache.spark.sql.connector.catalog.TableCapability;
import org.apache.spark.sql.connector.read.ScanBuilder;
import org.apache.spark.sql.types.StructType;
import org.apache.spark.sql.util.CaseInsensitiveStringMap;

/**
 * An index as a table of its live rows. The version is settled when the table is first looked at,
 * and then stays: what Spark plans and what it reads are the same.
 */
class IndexTable implements SupportsRead {
  private final SparkSession spark;
  private final String location;
  private final Supplier<ReadOptions> version;
  private final Optional<StructType> expected;
  private Snapshot snapshot;

  /**
   * @param version which version it shows; asked for when the table is first read
   * @param expected the columns that whoever asks for the table believes it has
   */
  IndexTable(
      SparkSession spark,
      String location,
      Supplier<ReadOptions> version,
      Optional<StructType> expected) {
    this.spark = spark;
    this.location = location;
    this.version = version;
    this.expected = expected;
  }

  SparkSession spark() {
    return spark;
  }

  String location() {
    return location;
  }

  /** Whether it shows a version that was asked for, rather than the newest. */
  boolean isPinned() {
    return version.get().isPinned();
  }

  IndexLocation indexLocation() {
    return new IndexLocation(spark.sparkContext(), location);
  }

  /** The snapshot it shows. */
  synchronized Snapshot snapshot() {
    if (snapshot == null) {
      snapshot = snapshot(version.get());
    }
    return snapshot;
  }

  private Snapshot snapshot(ReadOptions options) {
    try (Storage storage = indexLocation().open()) {
      return options.snapshot(new SnapshotLog(storage));
    } catch (IOException | IllegalArgumentException e) {
      throw new UnusableInputException(e.getMessage(), e);
    }
  }

  @Override
  public String name() {
    return "tarn.`" + location + "`";
  }

  @Override
  public StructType schema() {
    StructType type = IndexColumns.type(snapshot().schema());
    if (expected.isPresent() && !expected.get().asNullable().equals(type.asNullable())) {
      throw new UnusableInputException(
          "the index at "
              + location
              + " has the columns "
              + type.simpleString()
              + ", not "
              + expected.get().simpleString()
              + ": an index knows its own schema, leave it out");
    }
    return type;
  }

  @Override
  public Set<TableCapability> capabilities() {
    return Set.of(TableCapability.BATCH_READ);
  }

  @Override
  public ScanBuilder newScanBuilder(CaseInsensitiveStringMap options) {
    ReadOptions read = ReadOptions.parse(options, TarnSource.timeZone(spark));
    return scan(isPinned() || !read.isPinned() ? snapshot() : snapshot(read), List.of());
  }

  ScanBuilder scan(Snapshot of, List<Filter> filters) {
    return new IndexScan.Builder(spark, indexLocation(), of, filters);
  }
}
