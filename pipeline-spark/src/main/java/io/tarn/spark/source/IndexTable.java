package io.tarn.spark.source;

import io.tarn.index.commit.SnapshotLog;
import io.tarn.index.feature.Schema;
import io.tarn.index.filter.Filter;
import io.tarn.index.snapshot.Snapshot;
import io.tarn.index.storage.Storage;
import io.tarn.spark.input.UnusableInputException;
import io.tarn.spark.live.SnapshotChoice;
import io.tarn.spark.segment.IndexLocation;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.Supplier;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SparkSession;
import org.apache.spark.sql.connector.catalog.CatalogV2Util;
import org.apache.spark.sql.connector.catalog.Column;
import org.apache.spark.sql.connector.catalog.SupportsDeleteV2;
import org.apache.spark.sql.connector.catalog.SupportsRead;
import org.apache.spark.sql.connector.catalog.SupportsWrite;
import org.apache.spark.sql.connector.catalog.TableCapability;
import org.apache.spark.sql.connector.expressions.filter.Predicate;
import org.apache.spark.sql.connector.read.ScanBuilder;
import org.apache.spark.sql.connector.write.LogicalWriteInfo;
import org.apache.spark.sql.connector.write.WriteBuilder;
import org.apache.spark.sql.types.StructType;
import org.apache.spark.sql.util.CaseInsensitiveStringMap;

/**
 * An index as a table of its live rows. The version is settled when the table is first looked at,
 * and then stays: what Spark plans and what it reads are the same.
 */
final class IndexTable implements SupportsRead, SupportsWrite, SupportsDeleteV2 {
  private static final String ALWAYS_TRUE = "ALWAYS_TRUE";

  /** What Spark makes of conditions that nothing can fulfil, such as {@code price = null}. */
  private static final String ALWAYS_FALSE = "ALWAYS_FALSE";

  private final SparkSession spark;
  private final String location;
  private final Supplier<SnapshotChoice> version;
  private final Optional<StructType> expected;
  private Snapshot snapshot;

  /**
   * @param version which version it shows; asked for when the table is first read
   * @param expected the columns that whoever asks for the table believes it has
   */
  IndexTable(
      SparkSession spark,
      String location,
      Supplier<SnapshotChoice> version,
      Optional<StructType> expected) {
    this.spark = spark;
    this.location = location;
    this.version = version;
    this.expected = expected;
  }

  /** Whether it shows a version that was asked for, rather than the newest. */
  private boolean isPinned() {
    return version.get().isPinned();
  }

  private IndexLocation indexLocation() {
    return new IndexLocation(spark.sparkContext(), location);
  }

  /** The snapshot it shows. */
  synchronized Snapshot snapshot() {
    if (snapshot == null) {
      snapshot = snapshot(version.get());
    }
    return snapshot;
  }

  private Snapshot snapshot(SnapshotChoice options) {
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
  public Column[] columns() {
    return CatalogV2Util.structTypeToV2Columns(type());
  }

  /** The columns as one type. */
  StructType type() {
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
    return Set.of(
        TableCapability.BATCH_READ,
        TableCapability.V1_BATCH_WRITE,
        TableCapability.TRUNCATE,
        TableCapability.ACCEPT_ANY_SCHEMA);
  }

  @Override
  public WriteBuilder newWriteBuilder(LogicalWriteInfo info) {
    checkWritable();
    Map<String, String> options = info.options().asCaseSensitiveMap();
    return new JobWrite(
        table -> new TableWrite(spark, location, options, table).append(),
        table -> new TableWrite(spark, location, options, table).overwrite());
  }

  private void checkWritable() {
    if (isPinned()) {
      throw new UnusableInputException(
          "an older version of the index at " + location + " cannot be changed");
    }
  }

  /** Conditions that only Spark can look at do not say which ids are to go. */
  @Override
  public boolean canDeleteWhere(Predicate[] predicates) {
    Schema schema = snapshot().schema();
    return Arrays.stream(predicates)
        .allMatch(
            each -> isTrue(each) || isFalse(each) || PushedFilter.of(each, schema).isPresent());
  }

  private static boolean isTrue(Predicate predicate) {
    return predicate.name().equals(ALWAYS_TRUE);
  }

  private static boolean isFalse(Predicate predicate) {
    return predicate.name().equals(ALWAYS_FALSE);
  }

  /**
   * Deletes the rows that fulfil all predicates, in one commit. Each is deleted with the order it
   * has: a version of it that is newer, and was written meanwhile, stays.
   */
  @Override
  public void deleteWhere(Predicate[] predicates) {
    checkWritable();
    if (Arrays.stream(predicates).anyMatch(IndexTable::isFalse)) {
      return;
    }
    Snapshot newest = snapshot(SnapshotChoice.NEWEST);
    List<Filter> filters =
        Arrays.stream(predicates)
            .filter(each -> !isTrue(each))
            .map(each -> PushedFilter.of(each, newest.schema()).orElseThrow())
            .toList();
    try {
      Dataset<Row> doomed = MatchingIds.of(spark, indexLocation(), newest, filters);
      Map<String, String> options =
          Map.of("delete", "true", "input.order-column", IndexColumns.ORDER);
      new TableWrite(spark, location, options, doomed).append();
    } catch (IOException e) {
      throw new UncheckedIOException(e.getMessage(), e);
    }
  }

  @Override
  public ScanBuilder newScanBuilder(CaseInsensitiveStringMap options) {
    SnapshotChoice read = SnapshotChoice.parse(options, SnapshotChoice.timeZone(spark));
    Snapshot shown = isPinned() || !read.isPinned() ? snapshot() : snapshot(read);
    return new IndexScan.Builder(spark, indexLocation(), shown);
  }
}
