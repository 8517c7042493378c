package io.tarn.index.search;

import io.tarn.index.feature.Metric;
import io.tarn.index.kernel.CodeKernels;
import io.tarn.index.kernel.Kernels;
import io.tarn.index.segment.RowVectors;
import java.util.List;

/**
 * One search: finds the lists to look at, scans the codes of their rows, and computes the distances
 * of those rows that their codes do not rule out. Lists without codes, and exact searches, compute
 * all distances.
 */
final class ListSearch {
  private final CodeKernels kernels = Kernels.codes();
  private final IndexView view;
  private final List<LoadedSegment> segments;
  private final LiveRows live;
  private final SearchScratch scratch;
  private final Candidates candidates;
  private final float[] query;
  private final Metric metric;
  private final float squaredQueryNorm;
  private final int possible;
  private final TopK nearest;
  private long scanned;
  private long reranked;
  private long dead;

  ListSearch(IndexView view, SearchScratch scratch, float[] query, int k) {
    this.view = view;
    this.segments = view.segments();
    this.live = view.live();
    this.scratch = scratch;
    this.candidates = scratch.candidates;
    this.query = query;
    this.metric = view.snapshot().schema().metric();
    this.squaredQueryNorm = Kernels.best().dot(query, 0, query, 0, query.length);
    this.possible = (int) Math.min(k, live.count());
    this.nearest = new TopK(view, Math.max(1, possible));
  }

  SearchResult run(Probe probe) {
    int lists = view.model().listCount();
    int wanted = probe.listsWanted(lists);
    boolean exact = probe instanceof Probe.Exact;
    long startNanos = System.nanoTime();
    scratch.tables.prepare(query);
    candidates.clear(Math.max(1, possible), Float.POSITIVE_INFINITY);
    long preparedNanos = System.nanoTime();
    CoarseSearch coarse = view.searchModel().coarse();
    coarse.nearest(query, wanted, scratch);
    long foundNanos = System.nanoTime();
    int probed = 0;
    while (probed < wanted) {
      scan(probed++, exact);
    }
    long scannedNanos = System.nanoTime();
    rerank();
    if (nearest.size() < possible && wanted < lists) {
      coarse.nearest(query, lists, scratch);
      while (nearest.size() < possible && probed < lists) {
        scan(probed++, true);
      }
    }
    List<Hit> hits = view.hits(nearest);
    SearchEffort effort =
        new SearchEffort(
            probed,
            scanned,
            reranked,
            dead,
            0,
            preparedNanos - startNanos,
            foundNanos - preparedNanos,
            scannedNanos - foundNanos,
            System.nanoTime() - scannedNanos);
    return new SearchResult(view.snapshot(), hits, effort);
  }

  private void scan(int probe, boolean exact) {
    int list = scratch.probes.list(probe);
    float base = scratch.probes.distance(probe);
    float spread = view.searchModel().coarse().spread(list, base, squaredQueryNorm);
    boolean usable = !exact && scratch.tables.isFinite() && Float.isFinite(base + spread);
    for (int s = 0; s < segments.size(); s++) {
      LoadedSegment segment = segments.get(s);
      int rows = segment.listEnd(list) - segment.listStart(list);
      if (rows == 0) {
        continue;
      }
      scanned += rows;
      if (usable && segment.codes != null) {
        scanCodes(s, segment, list, base, spread);
      } else {
        scanVectors(s, segment, list);
      }
    }
  }

  private void scanCodes(int s, LoadedSegment segment, int list, float base, float spread) {
    CodeBlocks codes = segment.codes;
    byte[] tables = scratch.tables.tables();
    float step = scratch.tables.step();
    float bias = scratch.tables.bias();
    float lowBase = base - CodeBlocks.ROUNDING * Math.abs(base);
    int firstSlot = codes.firstSlot(list);
    int firstRow = segment.listStart(list);
    int endSlot = firstSlot + segment.listEnd(list) - firstRow;
    for (int block = firstSlot >> 6; block << 6 < endSlot; block++) {
      long mask =
          kernels.scanBlock(
              codes.bytes(),
              block * codes.blockBytes(),
              codes.pairs(),
              tables,
              codes.parameters(),
              block * CodeKernels.BLOCK_PARAMETERS,
              lowBase,
              step,
              bias,
              spread,
              candidates.limit(),
              scratch.sums,
              scratch.estimates,
              scratch.lowers);
      int slot = block << 6;
      if (slot < firstSlot) {
        mask &= -1L << firstSlot;
      }
      if (endSlot - slot < CodeKernels.BLOCK_ROWS) {
        mask &= (1L << endSlot - slot) - 1;
      }
      for (; mask != 0; mask &= mask - 1) {
        int i = Long.numberOfTrailingZeros(mask);
        int row = firstRow + slot + i - firstSlot;
        if (live.isLive(s, row)) {
          candidates.add(scratch.estimates[i], scratch.lowers[i], s, row);
        } else {
          dead++;
        }
      }
    }
  }

  private void scanVectors(int s, LoadedSegment segment, int list) {
    for (int row = segment.listStart(list); row < segment.listEnd(list); row++) {
      if (live.isLive(s, row)) {
        offer(s, row);
      } else {
        dead++;
      }
    }
  }

  /** Computes distances by ascending lower bound, until no bound is below the k-th distance. */
  private void rerank() {
    int count = candidates.sort();
    for (int i = 0; i < count; i++) {
      int candidate = candidates.sorted(i);
      if (candidates.lower(candidate) > nearest.threshold()) {
        break;
      }
      reranked++;
      offer(candidates.segment(candidate), candidates.row(candidate));
    }
  }

  private void offer(int s, int row) {
    RowVectors vectors = segments.get(s).segment.vectors();
    float distance = distance(vectors, row - segments.get(s).segment.deletes());
    if (distance <= nearest.threshold()) {
      nearest.offer(distance, s, row);
    }
  }

  /** Distances just as hits report them: rounded first, ranked then, so that ties show. */
  private float distance(RowVectors vectors, int row) {
    if (metric == Metric.L2) {
      return vectors.squaredL2(query, row);
    }
    float product = vectors.dot(query, row);
    if (metric == Metric.COSINE) {
      return Math.max(0, 1 - product);
    }
    // Opposite overflows cancel to NaN, which compares with nothing; such a row still exists.
    return Float.isNaN(product) ? Float.POSITIVE_INFINITY : 0 - product;
  }
}
