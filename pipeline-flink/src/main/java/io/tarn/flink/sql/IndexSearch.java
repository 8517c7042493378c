package io.tarn.flink.sql;

import io.tarn.index.feature.Feature;
import io.tarn.index.feature.RejectedFeatureException;
import io.tarn.index.filter.Filter;
import io.tarn.index.search.Hit;
import io.tarn.index.search.IndexView;
import io.tarn.index.search.Query;
import java.io.Closeable;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicLong;
import org.apache.flink.metrics.MetricGroup;
import org.apache.flink.table.data.GenericRowData;
import org.apache.flink.table.data.RowData;

/** Searches an index for rows of Flink's tables. Thread-safe. */
final class IndexSearch implements Closeable {
  private final Searches searches;
  private final SharedIndex index;
  private final Optional<Filter> filter;
  private final AtomicLong badQueries = new AtomicLong();

  /**
   * Opens the index.
   *
   * @throws IOException if it cannot be opened
   */
  IndexSearch(Searches searches, MetricGroup metrics) throws IOException {
    this.searches = searches;
    this.index = SharedIndex.acquire(searches.openedAs());
    this.filter = Filters.parse(searches.filters(), index.view().snapshot().schema());
    // Flink's counters are for one thread.
    metrics.gauge("badQueries", badQueries::get);
    metrics.gauge("indexVersion", () -> index.view().snapshot().version());
    metrics.gauge("failedRefreshes", index::failedRefreshes);
  }

  /**
   * The nearest rows, nearest first, each with its distance as score. There are none for a vector
   * that is null.
   *
   * @param query a row of the vector alone
   * @throws IllegalArgumentException if the vector cannot be searched for, unless such are skipped
   */
  Collection<RowData> nearest(int k, RowData query) {
    if (query.isNullAt(0)) {
      return List.of();
    }
    try {
      return nearest(k, TableColumns.vector(query.getArray(0)));
    } catch (RejectedFeatureException e) {
      if (searches.skipBadQueries()) {
        badQueries.incrementAndGet();
        return List.of();
      }
      throw new IllegalArgumentException(
          searches.table()
              + " cannot be searched for a vector: "
              + e.getMessage()
              + "; with 'skip-bad-queries' = 'true' such vectors have no results",
          e);
    }
  }

  private Collection<RowData> nearest(int k, float[] vector) throws RejectedFeatureException {
    IndexView view = index.view();
    Query query = searches.probe().applyTo(Query.nearest(vector, k), view.snapshot());
    if (filter.isPresent()) {
      query = query.where(filter.get());
    }
    List<RowData> rows = new ArrayList<>();
    for (Hit hit : view.search(query).hits()) {
      rows.add(row(hit, view));
    }
    return rows;
  }

  private RowData row(Hit hit, IndexView view) {
    List<TableColumns.Column> columns = searches.columns().columns();
    GenericRowData row = new GenericRowData(columns.size() + 1);
    for (int i = 0; i < columns.size(); i++) {
      TableColumns.Column column = columns.get(i);
      row.setField(
          i,
          switch (column.role()) {
            case ID -> TableColumns.toFlink(hit.id());
            case VECTOR ->
                TableColumns.toFlink(view.get(hit.id()).map(Feature::vector).orElseThrow());
            case ATTRIBUTE -> TableColumns.toFlink(hit.attributes().get(column.name()));
          });
    }
    row.setField(columns.size(), (double) hit.distance());
    return row;
  }

  @Override
  public void close() throws IOException {
    index.close();
  }
}
