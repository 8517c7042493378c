package io.tarn.index.search;

import io.tarn.index.commit.AsOf;
import io.tarn.index.commit.SnapshotLog;
import io.tarn.index.feature.Feature;
import io.tarn.index.feature.FeatureId;
import io.tarn.index.feature.RejectedFeatureException;
import io.tarn.index.format.ModelFile;
import io.tarn.index.format.PageCache;
import io.tarn.index.format.SegmentReader;
import io.tarn.index.snapshot.SegmentRef;
import io.tarn.index.snapshot.Snapshot;
import io.tarn.index.storage.Storage;
import java.io.IOException;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.TimeUnit;

/**
 * An open index. It holds one {@link IndexView} at a time; {@link #refresh} replaces it by that of
 * the newest snapshot, reading only what is new, while searches under way finish on the old one.
 * Thread-safe.
 */
public final class IndexReader {
  /** Half of the time for which FORMAT.md keeps a superseded version's successor. */
  private static final long MAX_CONFIRMATION_AGE_NANOS = TimeUnit.MINUTES.toNanos(5);

  private final Storage storage;
  private final SnapshotLog log;
  private final OpenOptions options;

  /** Of the segments of {@link #view}, once that was refreshed; guarded by this. */
  private final IdDirectory directory;

  private volatile IndexView view;

  /** When {@link #view} was last known to be the newest; guarded by this. */
  private long confirmedNanos;

  /** Pages of the segments whose vectors are remote; null as long as none are. */
  private PageCache cache;

  private IndexReader(
      Storage storage, SnapshotLog log, OpenOptions options, IdDirectory directory) {
    this.storage = storage;
    this.log = log;
    this.options = options;
    this.directory = directory;
  }

  /** Opens the newest snapshot with {@link OpenOptions#defaults}. */
  public static IndexReader open(Storage storage) throws IOException {
    return open(storage, OpenOptions.defaults());
  }

  /**
   * Opens the newest snapshot.
   *
   * @throws MemoryBudgetException if it does not fit the memory budget
   * @throws io.tarn.index.commit.NotAnIndexException if there is no index
   * @throws io.tarn.index.format.DamagedFileException if a file of it is missing or damaged
   * @throws io.tarn.index.format.UnsupportedFormatException if a newer Tarn wrote it
   */
  public static IndexReader open(Storage storage, OpenOptions options) throws IOException {
    return open(storage, options, new IdDirectory());
  }

  /**
   * Opens the newest snapshot.
   *
   * @param directory of no segments, and given to no other reader
   */
  static IndexReader open(Storage storage, OpenOptions options, IdDirectory directory)
      throws IOException {
    SnapshotLog log = new SnapshotLog(storage);
    IndexReader reader = new IndexReader(storage, log, options, directory);
    reader.confirmedNanos = System.nanoTime();
    reader.view = reader.load(log.newest());
    return reader;
  }

  /** Opens one version, whatever the newest is, with {@link OpenOptions#defaults}. */
  public static IndexView openVersion(Storage storage, long version) throws IOException {
    return openVersion(storage, version, OpenOptions.defaults());
  }

  /**
   * Opens one version, whatever the newest is.
   *
   * @throws MemoryBudgetException if it does not fit the memory budget
   * @throws io.tarn.index.commit.NoSuchVersionException if there is no such version
   * @throws io.tarn.index.commit.VersionExpiredException if it has expired
   */
  public static IndexView openVersion(Storage storage, long version, OpenOptions options)
      throws IOException {
    SnapshotLog log = new SnapshotLog(storage);
    return new IndexReader(storage, log, options, new IdDirectory()).load(log.readPinned(version));
  }

  /**
   * Opens some segments of a snapshot, as a view that holds no other rows. Which of their rows are
   * live is a matter of all segments, and has to be known ({@link
   * io.tarn.index.segment.NewestRows}).
   *
   * @param live by segment the bitmap of its live rows: row r is bit {@code r & 63} of word {@code
   *     r >> 6}, and there are {@code (rows + 63) / 64} words, deletes counted
   * @param ranking of the snapshot's model; shared with other parts, it is made once
   * @throws MemoryBudgetException if they do not fit the memory budget
   */
  public static IndexView openPart(
      Storage storage,
      Snapshot snapshot,
      Map<SegmentRef, long[]> live,
      ListRanking ranking,
      OpenOptions options)
      throws IOException {
    List<SegmentReader> readers = new ArrayList<>();
    List<long[]> bitmaps = new ArrayList<>();
    try {
      for (Map.Entry<SegmentRef, long[]> segment : live.entrySet()) {
        readers.add(SegmentReader.open(storage, segment.getKey(), snapshot.schema()));
        bitmaps.add(segment.getValue());
      }
      IndexReader reader =
          new IndexReader(storage, new SnapshotLog(storage), options, new IdDirectory());
      MemoryPlan plan = reader.plan(snapshot, false, 0, 0, readers);
      SearchModel model = ranking.searchModel();
      List<LoadedSegment> segments =
          new SegmentLoader(plan, reader.cache).load(readers, () -> model);
      return new IndexView(snapshot, model, segments, LiveRows.known(bitmaps));
    } finally {
      for (SegmentReader reader : readers) {
        reader.close();
      }
    }
  }

  /**
   * Opens the index as it was at a moment.
   *
   * @throws MemoryBudgetException if it does not fit the memory budget
   * @throws io.tarn.index.commit.NoVersionAsOfException if that version has expired, or there was
   *     none, or is none yet
   */
  public static IndexView openAsOf(Storage storage, AsOf moment, OpenOptions options)
      throws IOException {
    SnapshotLog log = new SnapshotLog(storage);
    return new IndexReader(storage, log, options, new IdDirectory()).load(log.asOf(moment));
  }

  /** What searches see now. */
  public IndexView view() {
    return view;
  }

  /** Bytes of heap that the current view, the directory of its ids and the cache of pages take. */
  public synchronized long memoryBytes() {
    return view.memoryBytes() + directory.memoryBytes() + (cache == null ? 0 : cache.heldBytes());
  }

  /**
   * Moves on to the newest snapshot; true if there was a newer one. If it fails, the view stays as
   * it is.
   *
   * @throws MemoryBudgetException if what is new does not fit beside the current view
   */
  public synchronized boolean refresh() throws IOException {
    long known = view.snapshot().version();
    long nowNanos = System.nanoTime();
    long newest =
        nowNanos - confirmedNanos < MAX_CONFIRMATION_AGE_NANOS
            ? log.newestVersionAfter(known)
            : log.newestVersion();
    if (newest > known) {
      view = load(log.read(newest));
    }
    confirmedNanos = nowNanos;
    return newest > known;
  }

  /** Searches the current view; see {@link IndexView#search}. */
  public SearchResult search(float[] query, int k, Probe probe) throws RejectedFeatureException {
    return view.search(query, k, probe);
  }

  /** Looks an id up in the current view; see {@link IndexView#get}. */
  public Optional<Feature> get(FeatureId id) {
    return view.get(id);
  }

  /**
   * The view of a snapshot. Segments of the current view are taken over, in the order they have
   * there, whatever the snapshot's, and with what is known of their rows.
   */
  private IndexView load(Snapshot snapshot) throws IOException {
    IndexView old = view;
    SearchModel model = old == null ? null : refreshedModel(old, snapshot);
    Set<SegmentRef> added = new LinkedHashSet<>(snapshot.segments());
    List<LoadedSegment> segments = new ArrayList<>();
    List<long[]> keptRows = new ArrayList<>();
    List<LiveRows.Gone> gone = new ArrayList<>();
    for (int s = 0; old != null && s < old.segments().size(); s++) {
      LoadedSegment known = old.segments().get(s);
      long[] live = old.live().bitmaps().get(s);
      Optional<LoadedSegment> kept =
          added.contains(known.segment.ref())
              ? known.under(old.searchModel(), model)
              : Optional.empty();
      if (kept.isPresent()) {
        segments.add(kept.get().withAttributes(snapshot.schema().attributes().size()));
        keptRows.add(live);
        added.remove(known.segment.ref());
      } else {
        gone.add(new LiveRows.Gone(known, live));
      }
    }
    if (model == null) {
      ModelFile.checkSize(storage, snapshot.model(), snapshot.schema().dimension());
    }
    List<SegmentReader> readers = new ArrayList<>();
    try {
      for (SegmentRef ref : added) {
        readers.add(SegmentReader.open(storage, ref, snapshot.schema()));
      }
      boolean newModel = old != null && model != old.searchModel();
      long readBytes = newModel ? model.memoryBytes() : 0;
      MemoryPlan plan = plan(snapshot, model == null, readBytes, directoryBytes(snapshot), readers);
      SegmentLoader loader = new SegmentLoader(plan, cache);
      SegmentLoader.ModelSource source =
          model == null
              ? () -> new SearchModel(ModelFile.read(storage, snapshot.model()))
              : () -> model;
      segments.addAll(loader.load(readers, source));
      return new IndexView(
          snapshot, loader.model(), segments, liveRows(keptRows, gone, segments, old == null));
    } finally {
      for (SegmentReader reader : readers) {
        reader.close();
      }
    }
  }

  /** The model of the open view, if it stays; otherwise the new one, so made that segments can. */
  private SearchModel refreshedModel(IndexView old, Snapshot snapshot) throws IOException {
    if (old.snapshot().model().equals(snapshot.model())) {
      return old.searchModel();
    }
    ModelFile.checkSize(storage, snapshot.model(), snapshot.schema().dimension());
    plan(snapshot, true, 0, directoryBytes(snapshot), List.of());
    return SearchModel.following(old.searchModel(), ModelFile.read(storage, snapshot.model()));
  }

  /** What is opened and never refreshed needs no directory. */
  private LiveRows liveRows(
      List<long[]> kept,
      List<LiveRows.Gone> gone,
      List<LoadedSegment> segments,
      boolean isFirstView) {
    if (isFirstView) {
      return LiveRows.of(segments, IdDirectory.withoutEntries(segments));
    }
    directory.follow(gone.stream().map(LiveRows.Gone::segment).toList(), segments, kept.size());
    return LiveRows.after(kept, gone, segments, directory);
  }

  private long directoryBytes(Snapshot snapshot) {
    return directory.bytesFollowing(MemoryPlan.rows(snapshot));
  }

  /**
   * Decides where vectors go, and gives the cache the room that this leaves.
   *
   * @param newModel whether a model is going to be read
   * @param readBytes memory of what was read already for the new view
   * @param directoryBytes memory of the directory of its ids; 0 if there will be none
   * @param added the segments to be read
   */
  private MemoryPlan plan(
      Snapshot snapshot,
      boolean newModel,
      long readBytes,
      long directoryBytes,
      List<SegmentReader> added)
      throws IOException {
    boolean mappable = !added.isEmpty() && added.get(0).isMappable();
    if (options.tier() == VectorTier.MAPPED && !added.isEmpty() && !mappable) {
      throw new IOException(
          storage.location()
              + " cannot map files into memory: open it with vectors auto or remote");
    }
    long heldBytes = readBytes + (view == null ? 0 : view.memoryBytes());
    MemoryPlan plan =
        MemoryPlan.of(
            options, snapshot, heldBytes, cache != null, newModel, directoryBytes, added, mappable);
    if (cache != null) {
      cache.resize(plan.cacheBytes());
    } else if (plan.tier() == VectorTier.REMOTE) {
      cache = new PageCache(plan.cacheBytes());
    }
    return plan;
  }
}
