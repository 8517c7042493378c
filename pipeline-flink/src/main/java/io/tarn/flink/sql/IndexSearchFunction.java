package io.tarn.flink.sql;

import java.util.Collection;
import org.apache.flink.table.data.RowData;
import org.apache.flink.table.functions.FunctionContext;
import org.apache.flink.table.functions.VectorSearchFunction;

/** Searches one query after the other, in the thread of its subtask. Public for Flink alone. */
public final class IndexSearchFunction extends VectorSearchFunction {
  private static final long serialVersionUID = 1L;

  private final Searches searches;
  private transient IndexSearch search;

  IndexSearchFunction(Searches searches) {
    this.searches = searches;
  }

  @Override
  public void open(FunctionContext context) throws Exception {
    search = new IndexSearch(searches, context.getMetricGroup());
  }

  @Override
  public Collection<RowData> vectorSearch(int topK, RowData query) {
    return search.nearest(topK, query);
  }

  @Override
  public void close() throws Exception {
    if (search != null) {
      search.close();
    }
  }
}
