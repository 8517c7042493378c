package io.tarn.index.search;

import io.tarn.index.feature.Metric;
import io.tarn.index.feature.RejectedFeatureException;
import io.tarn.index.feature.VectorRules;
import io.tarn.index.kernel.CodeKernels;
import io.tarn.index.kernel.Kernels;
import io.tarn.index.segment.RowVectors;
import io.tarn.index.segment.Segment;
import java.util.BitSet;
import java.util.List;

/**
 * One search: finds the lists to look at, scans the codes of their rows, and computes the distances
 * of those rows that their codes do not rule out. Lists without codes, and exact searches, compute
 * all distances; so does a search whose filter leaves so few rows that this is less work.
 */
final class ListSearch {
  /** About how many codes are scanned in the time that one distance takes. */
  private static final int CODES_PER_DISTANCE = 64;

  /** With a filter, lists are added until they hold so many selected rows for each hit wanted. */
  private static final int SELECTED_ROWS_PER_HIT = 20;

  /** Nothing is estimated for lists farther away: sums would overflow. */
  private static final float MAX_DISTANCE = 1e36f;

  /** Up to so many segments, rows are grouped by segment before their distances are computed. */
  private static final int MOST_GROUPED = 4;

  private final CodeKernels kernels = Kernels.readyCodes();
  private final IndexView view;
  private final List<LoadedSegment> segments;
  private final Selection selection;
  private final SearchScratch scratch;
  private final Candidates candidates;
  private final float[] query;
  private final Metric metric;
  private final float squaredQueryNorm;
  private final boolean ranged;
  private final boolean stopping;
  private final int possible;
  private final TopK nearest;
  private final boolean exact;
  private final boolean direct;
  private int probes;

  /** How many rows of the scratch are asked for, but their distances not yet computed. */
  private int wanted;

  private int probed;
  private long scanned;
  private long selected;
  private boolean estimatesRows;
  private long refined;
  private long reranked;
  private long dead;
  private long filtered;
  private final long prepareNanos;
  private final long coarseNanos;
  private long scanNanos;

  /**
   * @throws RejectedFeatureException if the query's vector does not fit the index
   */
  ListSearch(IndexView view, Query asked) throws RejectedFeatureException {
    this.view = view;
    this.segments = view.segments();
    this.query = VectorRules.accept(view.snapshot().schema(), asked.vector());
    this.metric = view.snapshot().schema().metric();
    this.squaredQueryNorm = Kernels.ready().dot(query, 0, query, 0, query.length);
    this.selection = asked.filter().map(view::selection).orElseGet(view::allLive);
    this.stopping = asked.isStoppingAtProbes();
    this.possible = (int) Math.min(asked.k(), selection.count());
    this.ranged = asked.radius() < Float.POSITIVE_INFINITY;
    this.nearest = new TopK(view, Math.max(1, possible), asked.radius());
    int lists = view.model().listCount();
    Probe probe = asked.probe(lists).resolved(view.snapshot(), asked.k());
    this.probes = probe.listsWanted(view.snapshot(), asked.k());
    this.exact = probe instanceof Probe.Exact;
    this.direct =
        selection.isFiltered()
            && selection.count() * CODES_PER_DISTANCE
                <= view.liveRowCount() * Math.max(1, probes) / lists;
    this.scratch = view.searchModel().takeScratch();
    this.candidates = scratch.candidates;
    scratch.residual.clear();
    candidates.clear(Math.max(1, possible), Math.nextUp(asked.radius()));
    long startNanos = System.nanoTime();
    scratch.tables.prepare(query);
    long preparedNanos = System.nanoTime();
    if (direct || possible == 0) {
      probes = 0;
    } else if (probe instanceof Probe.Adaptive) {
      probes = new WorthwhileLists(view, query, squaredQueryNorm).find(probes, scratch);
    } else {
      view.searchModel().coarse().nearest(query, squaredQueryNorm, probes, scratch);
    }
    this.prepareNanos = preparedNanos - startNanos;
    this.coarseNanos = System.nanoTime() - preparedNanos;
  }

  /** How many lists it wants to look at. */
  int probes() {
    return probes;
  }

  /** The i-th nearest list. */
  int list(int i) {
    return scratch.probes.list(i);
  }

  /** Scans the i-th nearest list. */
  void scan(int i) {
    long startNanos = System.nanoTime();
    scan(i, exact);
    scanNanos += System.nanoTime() - startNanos;
  }

  /**
   * Scans all lists it wants, the nearest first. What is asked of memory arrives while the next
   * list is scanned: the codes of the one behind it, and the vectors that make the limit fall.
   */
  void scanAll() {
    long startNanos = System.nanoTime();
    touch(0);
    for (int i = 0; i < probes; i++) {
      touch(i + 1);
      scan(i, exact);
      finishTightening();
      if ((i & i + 1) == 0 && !estimatesRows) {
        // With several bits a value, vectors would tell little more than what is known already.
        beginTightening();
      }
    }
    finishTightening();
    scanNanos += System.nanoTime() - startNanos;
  }

  /** Looks at what scanning left, and at further lists if there may be more hits. */
  SearchResult finish() {
    long startNanos = System.nanoTime();
    if (direct) {
      scanSelected();
    }
    rerank();
    if (!direct && !isComplete()) {
      scanFurther();
    }
    scratch.touched = view.touchIds(nearest);
    List<Hit> hits = view.hits(nearest);
    SearchEffort effort =
        new SearchEffort(
            probed,
            scanned,
            refined,
            reranked,
            dead,
            filtered,
            prepareNanos,
            coarseNanos,
            scanNanos,
            System.nanoTime() - startNanos);
    return new SearchResult(view.snapshot(), hits, effort);
  }

  /** Gives back what it borrowed. */
  void close() {
    view.searchModel().giveBack(scratch);
  }

  /** A radius is a limit of its own: fewer than k hits within it are no reason to look further. */
  private boolean isComplete() {
    if (ranged || stopping) {
      return true;
    }
    return nearest.size() >= possible
        && (!selection.isFiltered()
            || selected >= Math.min(selection.count(), (long) SELECTED_ROWS_PER_HIT * possible));
  }

  /** Lists were found by their codes first, so those scanned need not be the nearest of all. */
  private void scanFurther() {
    int lists = view.model().listCount();
    BitSet scannedLists = new BitSet(lists);
    for (int i = 0; i < probes; i++) {
      scannedLists.set(list(i));
    }
    view.searchModel().coarse().nearest(query, squaredQueryNorm, lists, scratch);
    for (int i = 0; i < lists && !isComplete(); i++) {
      if (!scannedLists.get(list(i))) {
        scan(i, true);
      }
    }
  }

  /** Computes the distance of every selected row, without regard to lists. */
  private void scanSelected() {
    for (int s = 0; s < segments.size(); s++) {
      long[] bitmap = selection.bitmap(s);
      for (int word = 0; word < bitmap.length; word++) {
        for (long bits = bitmap[word]; bits != 0; bits &= bits - 1) {
          want(s, word * Long.SIZE + Long.numberOfTrailingZeros(bits));
          scanned++;
        }
      }
    }
    offerWanted();
  }

  /**
   * Asks memory for the codes of a list, which arrive while another is scanned, and for which of
   * its rows are live.
   */
  private void touch(int probe) {
    if (probe >= probes || exact) {
      return;
    }
    int list = scratch.probes.list(probe);
    int touched = 0;
    for (int s = 0; s < segments.size(); s++) {
      LoadedSegment segment = segments.get(s);
      int start = segment.listStart(list);
      int rows = segment.listEnd(list) - start;
      if (rows > 0 && segment.codes != null) {
        long[] bitmap = selection.bitmap(s);
        touched += (int) bitmap[start >> 6] + (int) bitmap[start + rows - 1 >> 6];
        touched += segment.codes.touch(list, rows);
      }
    }
    scratch.touched = touched;
  }

  private void scan(int probe, boolean allDistances) {
    probed++;
    int list = scratch.probes.list(probe);
    float base = scratch.probes.distance(probe);
    float spread = view.searchModel().coarse().spread(list, base, squaredQueryNorm);
    boolean usable =
        !allDistances && scratch.tables.isUsable() && Math.abs(base) + spread < MAX_DISTANCE;
    for (int s = 0; s < segments.size(); s++) {
      LoadedSegment segment = segments.get(s);
      int rows = segment.listEnd(list) - segment.listStart(list);
      if (rows == 0) {
        continue;
      }
      scanned += rows;
      if (usable && segment.codes != null) {
        scanCodes(s, segment, list, base, spread);
      } else if (usable && segment.rowCodes != null) {
        scanRowCodes(s, segment, list, base, spread);
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
    CoarseSearch coarse = view.searchModel().coarse();
    float baseRounding = coarse.rounding(list, base, squaredQueryNorm);
    if (scratch.probesAreRounded) {
      baseRounding += coarse.probeError(spread, squaredQueryNorm);
    }
    float tableError = codes.errorOfTables(spread, scratch.tables.rounding());
    int firstSlot = codes.firstSlot(list);
    int firstRow = segment.listStart(list);
    int endSlot = firstSlot + segment.listEnd(list) - firstRow;
    long[] bitmap = selection.bitmap(s);
    long[] liveRows = view.live().bitmaps().get(s);
    boolean isFiltered = selection.isFiltered();
    for (int block = firstSlot >> 6; block << 6 < endSlot; block++) {
      int slot = block << 6;
      int blockRow = firstRow + slot - firstSlot;
      long ofList = -1;
      if (slot < firstSlot) {
        ofList &= -1L << firstSlot;
      }
      if (endSlot - slot < CodeKernels.BLOCK_ROWS) {
        ofList &= (1L << endSlot - slot) - 1;
      }
      long wanted = ofList;
      if (isFiltered) {
        wanted &= Selection.window(bitmap, blockRow);
        selected += Long.bitCount(wanted);
        filtered += Long.bitCount(Selection.window(liveRows, blockRow) & ofList & ~wanted);
        if (wanted == 0) {
          continue;
        }
      }
      float allowance = baseRounding + tableError * codes.largestScale(block);
      long mask =
          kernels.scanBlock(
              codes.bytes(),
              codes.at(block),
              codes.pairs(),
              tables,
              codes.parameters(),
              block * CodeKernels.BLOCK_PARAMETERS,
              base - allowance,
              step,
              bias,
              spread,
              candidates.limit(),
              scratch.estimates,
              scratch.lowers,
              0);
      mask &= wanted;
      if (mask != 0) {
        if (segment.rowCodes != null) {
          prepareResidual(segment.rowCodes, list, base, spread);
        }
        collect(s, bitmap, blockRow, mask, 2 * allowance + codes.offsetRounding(block));
      }
    }
  }

  /** Makes ready for estimating the distances of single rows of a list. */
  private void prepareResidual(RowCodes codes, int list, float knownBase, float knownSpread) {
    estimatesRows = true;
    ResidualQuery residual = scratch.residual;
    if (residual.isFor(list, codes.isRotated())) {
      return;
    }
    float base = knownBase;
    float spread = knownSpread;
    if (scratch.probesAreRounded) {
      // Codes of several bits tell more than rounded centroids do.
      base = view.searchModel().coarse().distance(query, list);
      spread = view.searchModel().coarse().spread(list, base, squaredQueryNorm);
    }
    float detour = 0;
    if (codes.isRotated()) {
      float[] rotated = scratch.tables.rotated();
      detour = (float) Math.sqrt(Kernels.best().dot(rotated, 0, rotated, 0, query.length));
      view.searchModel().centers().residual(rotated, list, residual.values);
    } else {
      float[] centroids = view.model().centroids();
      for (int i = 0; i < query.length; i++) {
        residual.values[i] = query[i] - centroids[list * query.length + i];
      }
    }
    float rounding = view.searchModel().coarse().rounding(list, base, squaredQueryNorm);
    residual.prepare(list, codes.isRotated(), base, rounding, spread, detour);
  }

  /** Estimates the distance of every row of a list. */
  private void scanRowCodes(int s, LoadedSegment segment, int list, float base, float spread) {
    prepareResidual(segment.rowCodes, list, base, spread);
    ResidualQuery residual = scratch.residual;
    int deletes = segment.segment.deletes();
    long[] bitmap = selection.bitmap(s);
    for (int row = segment.listStart(list); row < segment.listEnd(list); row++) {
      if ((bitmap[row >> 6] & 1L << row) != 0) {
        selected++;
        segment.rowCodes.estimate(row - deletes, residual);
        candidates.add(residual.lower, residual.upper, s, row);
      } else if (view.live().isLive(s, row)) {
        filtered++;
      } else {
        dead++;
      }
    }
  }

  /**
   * @param lowered by how much, at most, estimates are lower than codes say
   */
  private void collect(int s, long[] bitmap, int blockRow, long mask, float lowered) {
    long live = mask & Selection.window(bitmap, blockRow);
    dead += Long.bitCount(mask ^ live);
    RowCodes rowCodes = segments.get(s).rowCodes;
    int deletes = segments.get(s).segment.deletes();
    for (; live != 0; live &= live - 1) {
      int i = Long.numberOfTrailingZeros(live);
      float lower = scratch.lowers[i];
      float upper = scratch.estimates[i] + (scratch.estimates[i] - lower) + lowered;
      if (rowCodes != null && lower < candidates.limit()) {
        refined++;
        rowCodes.estimate(blockRow + i - deletes, scratch.residual);
        lower = scratch.residual.lower;
        upper = scratch.residual.upper;
      }
      candidates.add(lower, upper, s, blockRow + i);
    }
  }

  /** Rows of a list follow each other: the processor expects them, and they need no asking for. */
  private void scanVectors(int s, LoadedSegment segment, int list) {
    finishTightening();
    long[] bitmap = selection.bitmap(s);
    for (int row = segment.listStart(list); row < segment.listEnd(list); row++) {
      if ((bitmap[row >> 6] & 1L << row) != 0) {
        selected++;
        if (wanted == SearchScratch.ROWS) {
          computeDistances();
        }
        want(s, row);
      } else if (view.live().isLive(s, row)) {
        filtered++;
      } else {
        dead++;
      }
    }
    computeDistances();
  }

  /**
   * Asks for the vectors of those candidates that are the k nearest for all that is known: their
   * distances make the limit fall early.
   */
  private void beginTightening() {
    lookAt(candidates.takeSurest(Kernels.ready()));
    touchWanted();
  }

  private void finishTightening() {
    if (wanted > 0) {
      computeDistances();
      candidates.lower(Math.nextUp(nearest.threshold()));
    }
  }

  /** Computes the distances of all candidates that are not ruled out, the likely ones first. */
  private void rerank() {
    lookAt(candidates.takeSurest(Kernels.ready()));
    offerWanted();
    candidates.lower(Math.nextUp(nearest.threshold()));
    lookAt(candidates.takeRest(Kernels.ready()));
    offerWanted();
  }

  /**
   * Wants the vectors of candidates that were taken out, as long as they are not ruled out; what is
   * more than fits is looked at at once.
   */
  private void lookAt(int count) {
    for (int i = 0; i < count; i++) {
      int candidate = candidates.taken(i);
      if (candidates.lower(candidate) <= nearest.threshold()) {
        want(candidates.segment(candidate), candidates.row(candidate));
      }
      candidates.settle(candidate);
    }
  }

  private void want(int s, int row) {
    if (wanted == SearchScratch.ROWS) {
      offerWanted();
    }
    scratch.segments[wanted] = s;
    // Vectors are counted without the deletes of their segment.
    scratch.rows[wanted++] = row - segments.get(s).segment.deletes();
  }

  private void offerWanted() {
    touchWanted();
    computeDistances();
  }

  /**
   * Puts the rows of a segment next to each other, which takes less than to compute the distances
   * of few at a time.
   */
  private void groupWanted() {
    if (segments.size() == 1 || segments.size() > MOST_GROUPED) {
      return;
    }
    int grouped = 0;
    for (int s = 0; s < segments.size(); s++) {
      for (int i = 0; i < wanted; i++) {
        // Written always, and kept if it is of the segment: the processor could not guess which.
        scratch.groupedSegments[grouped] = s;
        scratch.groupedRows[grouped] = scratch.rows[i];
        grouped += scratch.segments[i] == s ? 1 : 0;
      }
    }
    System.arraycopy(scratch.groupedSegments, 0, scratch.segments, 0, wanted);
    System.arraycopy(scratch.groupedRows, 0, scratch.rows, 0, wanted);
  }

  /** They lie anywhere in memory: asked for together, they arrive in the time of few. */
  private void touchWanted() {
    groupWanted();
    int touched = 0;
    for (int i = 0; i < wanted; ) {
      int end = endOfSegment(i);
      RowVectors vectors = segments.get(scratch.segments[i]).segment.vectors();
      touched += vectors.touch(scratch.rows, i, end);
      i = end;
    }
    scratch.touched = touched;
  }

  /** Computes the distances of all rows wanted, none of which is wanted any more. */
  private void computeDistances() {
    for (int i = 0; i < wanted; ) {
      int end = endOfSegment(i);
      int s = scratch.segments[i];
      Segment segment = segments.get(s).segment;
      computeDistances(segment.vectors(), i, end);
      for (; i < end; i++) {
        if (scratch.distances[i] <= nearest.threshold()) {
          nearest.offer(scratch.distances[i], s, scratch.rows[i] + segment.deletes());
        }
      }
    }
    reranked += wanted;
    wanted = 0;
  }

  /** Behind the last of those that follow each other and are of the same segment. */
  private int endOfSegment(int from) {
    int end = from + 1;
    while (end < wanted && scratch.segments[end] == scratch.segments[from]) {
      end++;
    }
    return end;
  }

  /** Distances just as hits report them: rounded first, ranked then, so that ties show. */
  private void computeDistances(RowVectors vectors, int from, int to) {
    if (metric == Metric.L2) {
      vectors.squaredL2(query, scratch.rows, from, to, scratch.distances);
      return;
    }
    vectors.dot(query, scratch.rows, from, to, scratch.distances);
    for (int i = from; i < to; i++) {
      scratch.distances[i] = distance(scratch.distances[i]);
    }
  }

  private float distance(float product) {
    if (metric == Metric.COSINE) {
      return Math.max(0, 1 - product);
    }
    // Opposite overflows cancel to NaN, which compares with nothing; such a row still exists.
    return Float.isNaN(product) ? Float.POSITIVE_INFINITY : 0 - product;
  }
}
