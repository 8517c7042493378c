package io.tarn.flink.sql;

import io.tarn.index.feature.Schema;
import io.tarn.index.filter.FilterException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import org.apache.flink.configuration.Configuration;
import org.apache.flink.configuration.ReadableConfig;
import org.apache.flink.table.api.ValidationException;
import org.apache.flink.table.api.config.VectorSearchRuntimeConfigOptions;
import org.apache.flink.table.connector.ChangelogMode;
import org.apache.flink.table.connector.source.DynamicTableSource;
import org.apache.flink.table.connector.source.ScanTableSource;
import org.apache.flink.table.connector.source.SourceProvider;
import org.apache.flink.table.connector.source.VectorSearchTableSource;
import org.apache.flink.table.connector.source.abilities.SupportsProjectionPushDown;
import org.apache.flink.table.connector.source.search.AsyncVectorSearchFunctionProvider;
import org.apache.flink.table.connector.source.search.VectorSearchFunctionProvider;
import org.apache.flink.table.types.DataType;

/** An index as a table that is searched, or read as it is when the query is planned. */
final class TarnTableSource
    implements VectorSearchTableSource, ScanTableSource, SupportsProjectionPushDown {
  /** What a single search may be told beside what Flink itself understands. */
  private static final Set<String> OF_ONE_SEARCH =
      Set.of(
          TarnTableOptions.NPROBE.key(),
          TarnTableOptions.RECALL.key(),
          TarnTableOptions.EXACT.key(),
          TarnTableOptions.FILTER.key());

  private final Searches searches;
  private final int asyncThreads;
  private final PlannedRecall known;
  private SnapshotSource scan;

  /**
   * @param scan what is read where the table is not searched
   * @param asyncThreads how many searches of a subtask run at a time, or 0 for one, in its thread
   * @param known what is known of how many lists a recall takes
   */
  TarnTableSource(Searches searches, SnapshotSource scan, int asyncThreads, PlannedRecall known) {
    this.searches = searches;
    this.scan = scan;
    this.asyncThreads = asyncThreads;
    this.known = known;
  }

  @Override
  public VectorSearchRuntimeProvider getSearchRuntimeProvider(VectorSearchContext context) {
    int[][] searched = context.getSearchColumns();
    TableColumns.Column column = searches.columns().columns().get(searched[0][0]);
    if (searched.length != 1 || column.role() != TableColumns.Role.VECTOR) {
      throw new ValidationException(
          searches.table()
              + " is searched by its column "
              + TableColumns.VECTOR
              + ", not by "
              + column.name()
              + ": write DESCRIPTOR("
              + TableColumns.VECTOR
              + ")");
    }
    Searches asked = withOptionsOf(context.runtimeConfig());
    if (asked.probe().recall() != null && known.isEmpty()) {
      throw new ValidationException(
          searches.table()
              + " is to be searched with a recall of "
              + asked.probe().recall()
              + ", but the index has not been calibrated since its lists were made: give nprobe, or"
              + " run ./tarn evaluate --calibrate first");
    }
    return asyncThreads > 0
        ? AsyncVectorSearchFunctionProvider.of(new AsyncIndexSearchFunction(asked, asyncThreads))
        : VectorSearchFunctionProvider.of(new IndexSearchFunction(asked));
  }

  /** Those of one search: its probe in the place of the table's, its filter beside the table's. */
  private Searches withOptionsOf(ReadableConfig options) {
    String whose = "VECTOR_SEARCH on " + searches.table();
    checkKnown(whose, options);
    ProbeChoice probe = ProbeChoice.of(whose, options);
    List<String> filters = new ArrayList<>(searches.filters());
    options.getOptional(TarnTableOptions.FILTER).ifPresent(filters::add);
    checkFilters(whose, filters, scan.schema());
    return new Searches(
        searches.table(),
        searches.openedAs(),
        searches.columns(),
        (probe.isOpen() ? searches.probe() : probe).plannedWith(known),
        filters,
        searches.skipBadQueries());
  }

  /**
   * @throws ValidationException if a filter is none, or does not fit the index
   */
  static void checkFilters(String whose, List<String> filters, Schema schema) {
    try {
      Filters.parse(filters, schema);
    } catch (FilterException e) {
      throw new ValidationException(whose + ": " + e.getMessage(), e);
    }
  }

  private static void checkKnown(String whose, ReadableConfig options) {
    if (options instanceof Configuration configuration) {
      Set<String> unknown = new HashSet<>(configuration.keySet());
      unknown.removeAll(OF_ONE_SEARCH);
      VectorSearchRuntimeConfigOptions.getSupportedOptions()
          .forEach(option -> unknown.remove(option.key()));
      Optional<String> first = unknown.stream().sorted().findFirst();
      if (first.isPresent()) {
        throw new ValidationException(
            whose
                + " does not know the option '"
                + first.get()
                + "': a single search takes nprobe, recall, exact and filter");
      }
    }
  }

  @Override
  public ChangelogMode getChangelogMode() {
    return ChangelogMode.insertOnly();
  }

  @Override
  public ScanRuntimeProvider getScanRuntimeProvider(ScanContext context) {
    return SourceProvider.of(scan);
  }

  @Override
  public boolean supportsNestedProjection() {
    return false;
  }

  /** Of what is read; searches return all columns. */
  @Override
  public void applyProjection(int[][] projected, DataType type) {
    int[] columns = Arrays.stream(projected).mapToInt(path -> path[0]).toArray();
    scan = scan.reading(searches.columns().project(columns));
  }

  @Override
  public DynamicTableSource copy() {
    return new TarnTableSource(searches, scan, asyncThreads, known);
  }

  @Override
  public String asSummaryString() {
    return "tarn " + searches.openedAs().location();
  }
}
