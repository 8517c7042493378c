package io.tarn.flink.sql;

import java.util.Collection;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import org.apache.flink.table.data.RowData;
import org.apache.flink.table.functions.AsyncVectorSearchFunction;
import org.apache.flink.table.functions.FunctionContext;

/** Searches several queries at a time, in threads of its own. Public for Flink alone. */
public final class AsyncIndexSearchFunction extends AsyncVectorSearchFunction {
  private static final long serialVersionUID = 1L;

  private final Searches searches;
  private final int threads;
  private transient IndexSearch search;
  private transient ExecutorService executor;

  AsyncIndexSearchFunction(Searches searches, int threads) {
    this.searches = searches;
    this.threads = threads;
  }

  @Override
  public void open(FunctionContext context) throws Exception {
    search = new IndexSearch(searches, context.getMetricGroup());
    executor = Executors.newFixedThreadPool(threads);
  }

  @Override
  public CompletableFuture<Collection<RowData>> asyncVectorSearch(int topK, RowData query) {
    return CompletableFuture.supplyAsync(() -> search.nearest(topK, query), executor);
  }

  /** Searches under way end first: interrupted, they would close files that others read. */
  @Override
  public void close() throws Exception {
    if (executor != null) {
      executor.shutdown();
      executor.awaitTermination(Long.MAX_VALUE, TimeUnit.NANOSECONDS);
    }
    if (search != null) {
      search.close();
    }
  }
}
