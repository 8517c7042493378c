package io.tarn.benchmark;

import io.tarn.index.feature.RejectedFeatureException;
import io.tarn.index.filter.Filter;
import io.tarn.index.search.Hit;
import io.tarn.index.search.IndexReader;
import io.tarn.index.search.IndexView;
import io.tarn.index.search.Probe;
import io.tarn.index.search.Query;
import io.tarn.index.search.SearchEffort;
import io.tarn.index.search.SearchResult;
import io.tarn.index.storage.LocalStorage;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.function.Consumer;
import java.util.function.ToLongFunction;

/**
 * How fast Tarn's searches are, how much they find, and what they take their time for, where a
 * filter leaves only some of the rows, which lie anywhere. Peers do not take part.
 */
public final class FilteredSearches {
  private static final List<Integer> DEFAULT_NPROBES = List.of(32);

  private FilteredSearches() {}

  /**
   * Measures.
   *
   * @param shares what part of the rows filters shall leave, each above 0 and at most 1; with 1
   *     there is no filter
   * @param progress is told, in a line, what is being done
   * @return a table for each data set
   */
  public static List<Report.Sheet> run(
      BenchmarkSettings settings, List<Double> shares, Consumer<String> progress)
      throws IOException {
    List<Report.Sheet> sheets = new ArrayList<>();
    for (DataSource source : settings.sources()) {
      DataSet data = source.load(settings.queries());
      List<List<String>> rows = new ArrayList<>();
      for (int nlist : Benchmark.nlists(settings, data.base().count())) {
        progress.accept("tarn, nlist %d: building, or finding it built".formatted(nlist));
        WorkFolder.Ready index =
            new WorkFolder(settings.work(), data)
                .index(
                    new TarnContender(nlist).sharing(),
                    data.base(),
                    Runtime.getRuntime().availableProcessors());
        IndexView view = IndexReader.open(new LocalStorage(index.folder())).view();
        for (double share : shares) {
          progress.accept("filter that leaves %s of the rows".formatted(share));
          rows.addAll(measure(settings, data, nlist, view, share));
        }
      }
      sheets.add(
          new Report.Sheet(
              "%s: searches with a filter, k %d, %,d queries, one at once, median of %d rounds"
                  .formatted(data.name(), settings.k(), data.queries().count(), settings.rounds()),
              1,
              List.of(
                  "index",
                  "share",
                  "rows left",
                  "nprobe",
                  "recall",
                  "QPS",
                  "p50 µs",
                  "p99 µs",
                  "prepare",
                  "coarse",
                  "scan",
                  "re-rank",
                  "lists",
                  "scanned",
                  "distances"),
              rows));
    }
    return sheets;
  }

  private static List<List<String>> measure(
      BenchmarkSettings settings, DataSet data, int nlist, IndexView view, double share)
      throws IOException {
    int[] left = rowsBelow(data.base().count(), share);
    int k = Math.min(settings.k(), left.length);
    if (k == 0) {
      throw new BenchmarkException(
          "a share of %s leaves none of the rows of %s".formatted(share, data.name()));
    }
    Truth truth = truth(data, left, k);
    List<Integer> nprobes = settings.nprobes().isEmpty() ? DEFAULT_NPROBES : settings.nprobes();
    List<List<String>> rows = new ArrayList<>();
    for (int nprobe : nprobes) {
      Timing timing = new Timing(data.queries().count());
      // The first round has the code compiled, and the filter's rows found.
      for (int round = 0; round <= settings.rounds(); round++) {
        timing.round(
            q -> {
              try {
                Query query =
                    Query.nearest(data.queries().row(q), k)
                        .probing(Probe.nearest(Math.min(nprobe, nlist)));
                return view.search(
                    share < 1 ? query.where(Filter.less(TarnContender.SHARE, share)) : query);
              } catch (RejectedFeatureException e) {
                throw new BenchmarkException("a query is rejected: " + e.getMessage(), e);
              }
            },
            truth,
            k);
      }
      rows.add(timing.row(nlist, share, left.length, nprobe));
    }
    return rows;
  }

  private static int[] rowsBelow(int count, double share) {
    int[] rows = new int[count];
    int found = 0;
    for (int row = 0; row < count; row++) {
      if (TarnContender.share(row) < share) {
        rows[found++] = row;
      }
    }
    return Arrays.copyOf(rows, found);
  }

  /** By brute force over the rows that are left. */
  private static Truth truth(DataSet data, int[] left, int k) {
    int dimension = data.base().dimension();
    float[] values = new float[left.length * dimension];
    for (int i = 0; i < left.length; i++) {
      System.arraycopy(data.base().values(), left[i] * dimension, values, i * dimension, dimension);
    }
    List<int[]> nearest =
        ExactSearch.nearest(
            new Vectors(dimension, values),
            data.queries(),
            k,
            Runtime.getRuntime().availableProcessors());
    List<int[]> rows =
        nearest.stream().map(found -> Arrays.stream(found).map(i -> left[i]).toArray()).toList();
    return Truth.of(new DataSet(data.name(), data.base(), data.queries(), rows), k);
  }

  /** Searches with one query. */
  private interface Search {
    SearchResult run(int query);
  }

  /** The searches of all rounds; of the first, only what they found. */
  private static final class Timing {
    private final int queries;
    private final List<Double> queriesPerSecond = new ArrayList<>();
    private final List<Long> nanos = new ArrayList<>();
    private final List<SearchEffort> efforts = new ArrayList<>();
    private double recall = -1;
    private long lists;
    private long scanned;
    private long distances;

    Timing(int queries) {
      this.queries = queries;
    }

    void round(Search search, Truth truth, int k) {
      boolean first = recall < 0;
      int[] rows = new int[k];
      double found = 0;
      long total = 0;
      for (int q = 0; q < queries; q++) {
        long startNanos = System.nanoTime();
        SearchResult result = search.run(q);
        long took = System.nanoTime() - startNanos;
        total += took;
        if (first) {
          int count = 0;
          for (Hit hit : result.hits()) {
            rows[count++] = TarnContender.row(hit);
          }
          found += truth.recall(q, rows, count);
          lists += result.effort().listsProbed();
          scanned += result.effort().rowsScanned();
          distances += result.effort().rowsReranked();
        } else {
          nanos.add(took);
          efforts.add(result.effort());
        }
      }
      if (first) {
        recall = found / queries;
      } else {
        queriesPerSecond.add(queries * 1e9 / total);
      }
    }

    List<String> row(int nlist, double share, int left, int nprobe) {
      long[] ascending = nanos.stream().mapToLong(Long::longValue).sorted().toArray();
      return List.of(
          "nlist " + nlist,
          Double.toString(share),
          "%,d".formatted(left),
          Integer.toString(nprobe),
          Report.number("%.4f", recall),
          Report.number("%,.0f", Race.median(queriesPerSecond)),
          Report.number("%,.1f", Race.percentile(ascending, 0.50) / 1e3),
          Report.number("%,.1f", Race.percentile(ascending, 0.99) / 1e3),
          medianUs(SearchEffort::prepareNanos),
          medianUs(SearchEffort::coarseNanos),
          medianUs(SearchEffort::scanNanos),
          medianUs(SearchEffort::rerankNanos),
          Report.number("%,.0f", lists / (double) queries),
          Report.number("%,.0f", scanned / (double) queries),
          Report.number("%,.0f", distances / (double) queries));
    }

    private String medianUs(ToLongFunction<SearchEffort> phase) {
      long[] ascending = efforts.stream().mapToLong(phase).sorted().toArray();
      return Report.number("%,.1f", Race.percentile(ascending, 0.50) / 1e3);
    }
  }
}
