package io.tarn.index.search;

import io.tarn.index.feature.RejectedFeatureException;
import io.tarn.index.kernel.Kernels;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * Queries that are answered together. Each looks at its nearest list first, so that it has a bound;
 * then the lists are gone through one after the other, each with all queries that want it. In what
 * order lists come can make a difference only to rows that are nearer than the bound of their code
 * says.
 */
final class SearchBatch {
  /** More queries than this are answered in several batches, so that memory stays bounded. */
  static final int MAX_QUERIES = 256;

  /** A visit of a list by a query is one long: the list, 8 bits of the query, 24 of the probe. */
  private static final int QUERY_SHIFT = 24;

  private final IndexView view;
  private final List<Query> queries;

  SearchBatch(IndexView view, List<Query> queries) {
    this.view = view;
    this.queries = queries;
  }

  List<SearchResult> run() throws RejectedFeatureException {
    List<ListSearch> searches = new ArrayList<>(queries.size());
    List<SearchResult> results = new ArrayList<>(queries.size());
    try {
      for (Query query : queries) {
        searches.add(new ListSearch(view, query));
      }
      if (searches.size() == 1) {
        searches.get(0).scanAll();
      } else {
        scanTogether(searches);
      }
      for (ListSearch search : searches) {
        results.add(search.finish());
      }
    } finally {
      searches.forEach(ListSearch::close);
    }
    // Not before: the first answer shall not share the processors with it.
    Kernels.warmUp();
    return results;
  }

  private static void scanTogether(List<ListSearch> searches) {
    int total = 0;
    for (ListSearch search : searches) {
      if (search.probes() > 0) {
        search.scan(0);
      }
      total += Math.max(0, search.probes() - 1);
    }
    long[] visits = new long[total];
    int count = 0;
    for (int q = 0; q < searches.size(); q++) {
      for (int probe = 1; probe < searches.get(q).probes(); probe++) {
        visits[count++] =
            (long) searches.get(q).list(probe) << 32 | (long) q << QUERY_SHIFT | probe;
      }
    }
    Arrays.sort(visits);
    for (long visit : visits) {
      int q = (int) visit >>> QUERY_SHIFT;
      searches.get(q).scan((int) visit & (1 << QUERY_SHIFT) - 1);
    }
  }
}
