package io.tarn.index.commit;

import io.tarn.index.feature.Schema;
import io.tarn.index.format.Format;
import io.tarn.index.snapshot.CalibrationPoint;
import io.tarn.index.snapshot.Change;
import io.tarn.index.snapshot.Drift;
import io.tarn.index.snapshot.DriftSample;
import io.tarn.index.snapshot.History;
import io.tarn.index.snapshot.RetrainRequest;
import io.tarn.index.snapshot.SegmentRef;
import io.tarn.index.snapshot.Snapshot;
import io.tarn.index.snapshot.SourceAdvance;
import io.tarn.index.snapshot.SourceState;
import io.tarn.index.snapshot.WriterRuns;
import io.tarn.index.storage.OutcomeUnknownException;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.UUID;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Publishes versions of an index, optimistically: read the newest snapshot, check that the change
 * still makes sense on top of it, create the next version, and start over if another commit was
 * faster. See docs/FORMAT.md, "Committing".
 *
 * <p>A commit ends in one of three ways: done (it returns a snapshot), refused ({@link
 * CommitConflictException}), or unknown (any other exception): then the files may be part of the
 * index and must be left alone; committing the same change again settles it.
 */
public final class Committer {
  private static final Logger LOG = LoggerFactory.getLogger(Committer.class);

  /** Every lost race is another writer's success, so this many in a row is no contention. */
  private static final int MAX_ATTEMPTS = 100;

  private static final int MAX_UNKNOWN_OUTCOMES = 5;
  private static final long MIN_BACKOFF_MS = 5;
  private static final long MAX_BACKOFF_MS = 500;

  /** Half of the time for which FORMAT.md keeps superseded versions. */
  private static final long MAX_BASE_AGE_NANOS = TimeUnit.MINUTES.toNanos(5);

  private final SnapshotLog log;
  private final SegmentReassigner reassigner;
  private final AtomicLong retries = new AtomicLong();

  /**
   * @param log the index
   * @param reassigner used when the model changed between writing and committing
   */
  public Committer(SnapshotLog log, SegmentReassigner reassigner) {
    this.log = log;
    this.reassigner = reassigner;
  }

  /**
   * Creates an index, as version 1.
   *
   * @throws IndexExistsException if there is one
   */
  public static Snapshot create(SnapshotLog log, NewIndex index) throws IOException {
    List<SegmentRef> segments = index.segments().stream().map(s -> s.committedIn(1)).toList();
    Snapshot first =
        new Snapshot(
            Format.VERSION,
            UUID.randomUUID().toString(),
            1,
            UUID.randomUUID().toString(),
            index.operation(),
            System.currentTimeMillis(),
            index.schema(),
            index.model(),
            index.embedder(),
            segments,
            new TreeMap<>(),
            List.of(),
            History.none(),
            Drift.trained(1, segments));
    boolean published;
    try {
      published = log.newestVersion() == 0 && log.tryPublish(first);
    } catch (OutcomeUnknownException e) {
      if (log.newestVersion() == 0) {
        throw e;
      }
      published = isVersionOf(log, 1, first.commitId());
    }
    if (!published) {
      throw new IndexExistsException(log.storage().location());
    }
    return first;
  }

  /**
   * How often commits of this committer had to look again at the newest version, because another
   * commit was faster, or because the outcome was unknown.
   */
  public long retries() {
    return retries.get();
  }

  /**
   * Publishes a change as the next version. Committing a change that is in the index already
   * changes nothing and returns a snapshot that holds it.
   *
   * @throws CommitConflictException if the index has moved on so that the change cannot be made
   */
  public Snapshot commit(Change change) throws IOException {
    return commit(change, List.of());
  }

  /**
   * Publishes a change, and with it what was measured of the index; as {@link #commit(Change)}.
   *
   * @param measured oldest first
   */
  public Snapshot commit(Change change, List<DriftSample> measured) throws IOException {
    Base base = readBase();
    if (base.snapshot.commitId().equals(change.commitId())) {
      return base.snapshot;
    }
    FittingSegments segments = new FittingSegments(change, reassigner);
    // Who brings a new model has more to assign the longer it waits.
    boolean waiting = change.newModel().isEmpty();
    return publish(
        change.commitId(),
        base,
        newest -> {
          Snapshot next = draft(newest, change, segments);
          return next.version() <= newest.version() ? next : with(measured, next);
        },
        waiting);
  }

  private static Snapshot with(List<DriftSample> measured, Snapshot snapshot) {
    Drift drift = snapshot.drift();
    for (DriftSample sample : measured) {
      drift = drift.measured(sample);
    }
    return snapshot.withDrift(drift);
  }

  /**
   * Asks, as the next version, for lists to be trained anew.
   *
   * @param trainedVersion the {@link Drift#trainedVersion} of the lists that are not fit any longer
   * @param reason why; for people
   * @param measured what was measured of the index meanwhile, oldest first
   * @return the next version; or the newest one, if it asks already, or if lists were trained anew
   */
  public Snapshot askForRetrain(long trainedVersion, String reason, List<DriftSample> measured)
      throws IOException {
    String commitId = UUID.randomUUID().toString();
    return publish(
        commitId,
        readBase(),
        newest -> {
          if (newest.drift().retrain() != null
              || newest.drift().trainedVersion() != trainedVersion) {
            return newest;
          }
          Snapshot next =
              with(
                  measured,
                  next(
                      newest,
                      commitId,
                      "ask-for-retrain",
                      newest.segments(),
                      newest.sources(),
                      newest.calibration()));
          RetrainRequest request = new RetrainRequest(next.version(), reason);
          return next.withDrift(next.drift().asking(request));
        });
  }

  /**
   * Publishes what was measured of the index, as the next version; points for other k stay.
   *
   * @param modelId the model with which it was measured
   * @throws CommitConflictException if the index has another model by now
   */
  public Snapshot calibrate(String modelId, List<CalibrationPoint> measured) throws IOException {
    String commitId = UUID.randomUUID().toString();
    return publish(commitId, readBase(), newest -> calibrated(newest, commitId, modelId, measured));
  }

  private static Snapshot calibrated(
      Snapshot base, String commitId, String modelId, List<CalibrationPoint> measured)
      throws CommitConflictException {
    if (!base.model().id().equals(modelId)) {
      throw new CommitConflictException(
          "version "
              + base.version()
              + " has another model than the one that was measured: measure again");
    }
    Set<Integer> measuredK = new HashSet<>();
    measured.forEach(point -> measuredK.add(point.k()));
    List<CalibrationPoint> points = new ArrayList<>(measured);
    base.calibration().stream().filter(p -> !measuredK.contains(p.k())).forEach(points::add);
    return next(base, commitId, "calibrate", base.segments(), base.sources(), points);
  }

  /**
   * Lets a source begin anew, under its name but as another: of the new one nothing has been read.
   * What was read of the old one stays in the index. Changes to the old one that are still on their
   * way will be refused.
   *
   * @param incarnation of the new source
   * @return the next version, or the newest one if it has read that incarnation or knows it already
   */
  public Snapshot restartSource(String source, String incarnation) throws IOException {
    String commitId = UUID.randomUUID().toString();
    return publish(
        commitId,
        readBase(),
        newest ->
            incarnation.equals(newest.source(source).incarnation())
                ? newest
                : restarted(newest, commitId, source, incarnation));
  }

  private static Snapshot restarted(
      Snapshot base, String commitId, String source, String incarnation) {
    SortedMap<String, SourceState> sources = new TreeMap<>(base.sources());
    sources.put(source, base.source(source).restartedAs(incarnation));
    return next(base, commitId, "restart-source", base.segments(), sources, base.calibration());
  }

  /**
   * Says, as the next version, that those before {@code oldest} have expired: from then on nobody
   * may rely on them or on files that they alone name.
   *
   * @return the next version, or the newest one if it says so already
   */
  public Snapshot expire(long oldest) throws IOException {
    String commitId = UUID.randomUUID().toString();
    return publish(
        commitId,
        readBase(),
        newest -> {
          if (oldest > newest.version()) {
            throw new IllegalArgumentException(
                "the newest version, " + newest.version() + ", never expires");
          }
          return newest.history().oldestVersion() >= oldest
              ? newest
              : expired(newest, commitId, oldest);
        });
  }

  private static Snapshot expired(Snapshot base, String commitId, long oldest) {
    return next(base, commitId, "expire", base.segments(), base.sources(), base.calibration())
        .withOldestVersion(oldest);
  }

  /** Makes the version that is to follow the newest one. */
  private interface Draft {
    /** The next version; or an older one, if that holds already what was to be published. */
    Snapshot after(Snapshot newest) throws IOException;
  }

  private Snapshot draft(Snapshot newest, Change change, FittingSegments segments)
      throws IOException {
    if (SourcePositions.compare(newest, change) == SourcePositions.Verdict.CONTAINED
        || holdsSegmentOf(change, newest)
        || newest.history().holds(change.commitId())) {
      return newest;
    }
    Optional<String> obstacle = UpkeepConflicts.find(newest, change);
    if (obstacle.isPresent()) {
      return findEarlier(change, newest)
          .orElseThrow(() -> new CommitConflictException(obstacle.get()));
    }
    Snapshot grown = newest.withSchema(grown(newest, change));
    if (change.isSchemaOnly() && grown.equals(newest)) {
      return newest;
    }
    segments.checkFiles(log.storage());
    return successor(grown, change, segments);
  }

  private static Schema grown(Snapshot newest, Change change) throws CommitConflictException {
    try {
      return newest.schema().withAttributes(change.newAttributes());
    } catch (IllegalArgumentException e) {
      throw new CommitConflictException(
          "version " + newest.version() + " has another schema: " + e.getMessage());
    }
  }

  private Snapshot publish(String commitId, Base first, Draft draft) throws IOException {
    return publish(commitId, first, draft, true);
  }

  private Snapshot publish(String commitId, Base first, Draft draft, boolean waiting)
      throws IOException {
    Base base = first;
    int unknownOutcomes = 0;
    for (int attempt = 1; attempt <= MAX_ATTEMPTS; attempt++) {
      Snapshot next = draft.after(base.snapshot);
      if (next.version() <= base.snapshot.version()) {
        return next;
      }
      try {
        if (base.isFresh() && log.tryPublish(next)) {
          return next;
        }
      } catch (OutcomeUnknownException e) {
        unknownOutcomes++;
        if (unknownOutcomes > MAX_UNKNOWN_OUTCOMES) {
          throw e;
        }
        LOG.warn("Whether version {} was published is unknown: looking", next.version(), e);
      }
      retries.incrementAndGet();
      if (waiting) {
        backOff(attempt);
      }
      base = readBase();
      Optional<Snapshot> mine = findCommit(commitId, first.snapshot.version(), base.snapshot);
      if (mine.isPresent()) {
        return mine.get();
      }
    }
    throw new IOException(
        "commit " + commitId + " lost the race for a version " + MAX_ATTEMPTS + " times");
  }

  /**
   * A snapshot to build on, and when it was known to be the newest. On an old one nothing may be
   * built: its successor may have been expired, and creating it again would succeed and be lost.
   */
  private record Base(Snapshot snapshot, long readNanos) {
    boolean isFresh() {
      return System.nanoTime() - readNanos < MAX_BASE_AGE_NANOS;
    }
  }

  private Base readBase() throws IOException {
    long readNanos = System.nanoTime();
    return new Base(log.newest(), readNanos);
  }

  private static Snapshot successor(Snapshot base, Change change, FittingSegments fitting)
      throws IOException {
    long version = base.version() + 1;
    Snapshot remodelled = base.withModel(change.newModel().orElse(base.model()));
    List<SegmentRef> segments = new ArrayList<>();
    for (SegmentRef segment : fitting.on(base)) {
      segments.add(segment.committedIn(version));
    }
    segments.sort(Comparator.comparingLong(SegmentRef::sequence));
    SortedMap<String, SourceState> sources =
        WriterRuns.withoutOldRuns(base.sources(), System.currentTimeMillis());
    for (Map.Entry<String, SourceAdvance> source : change.sources().entrySet()) {
      sources.put(source.getKey(), base.source(source.getKey()).after(source.getValue()));
    }
    Snapshot next =
        next(
            remodelled,
            change.commitId(),
            change.operation(),
            segments,
            sources,
            remodelled.calibration());
    next = next.withDrift(drift(base, change, next));
    boolean knownByPositions = !change.sources().isEmpty();
    return knownByPositions || change.upkeep() != null ? next : next.rememberingItself();
  }

  private static Drift drift(Snapshot base, Change change, Snapshot next) {
    if (change.retrains()) {
      return Drift.trained(next.version(), next.segments());
    }
    if (change.newModel().isPresent()) {
      return base.drift().relisted(next.segments());
    }
    // Those that maintenance wrote anew keep their sequences.
    return base.drift()
        .after(next.segments().stream().filter(s -> s.sequence() == next.version()).toList());
  }

  /** The version after another: what is not said here stays, what is remembered too. */
  private static Snapshot next(
      Snapshot base,
      String commitId,
      String operation,
      List<SegmentRef> segments,
      SortedMap<String, SourceState> sources,
      List<CalibrationPoint> calibration) {
    return new Snapshot(
        Format.VERSION,
        base.indexId(),
        base.version() + 1,
        commitId,
        operation,
        Math.max(System.currentTimeMillis(), base.timestampMs()),
        base.schema(),
        base.model(),
        base.embedder(),
        segments,
        sources,
        calibration,
        base.history(),
        base.drift());
  }

  /**
   * Whether a change without positions was committed in an earlier life of its writer: other
   * commits may have followed, but the names of its segments are its own.
   */
  private static boolean holdsSegmentOf(Change change, Snapshot snapshot) {
    Set<String> added = new HashSet<>();
    change.added().forEach(segment -> added.add(segment.path()));
    return snapshot.segments().stream().anyMatch(segment -> added.contains(segment.path()));
  }

  /**
   * A change of maintenance that cannot be made may have been made in an earlier life of whoever
   * commits it.
   */
  private Optional<Snapshot> findEarlier(Change change, Snapshot newest) throws IOException {
    return change.upkeep() == null
        ? Optional.empty()
        : findCommit(change.commitId(), change.upkeep().madeFrom(), newest);
  }

  /** Our commit among the versions published since we began: after an unknown outcome it may be. */
  private Optional<Snapshot> findCommit(String commitId, long afterVersion, Snapshot newest)
      throws IOException {
    if (newest.commitId().equals(commitId)) {
      return Optional.of(newest);
    }
    for (long version = newest.version() - 1; version > afterVersion; version--) {
      if (isVersionOf(log, version, commitId)) {
        return Optional.of(log.read(version));
      }
    }
    return Optional.empty();
  }

  private static boolean isVersionOf(SnapshotLog log, long version, String commitId)
      throws IOException {
    try {
      return log.read(version).commitId().equals(commitId);
    } catch (NoSuchVersionException | NotAnIndexException e) {
      return false;
    }
  }

  private static void backOff(int attempt) throws IOException {
    long ceilingMs = Math.min(MAX_BACKOFF_MS, MIN_BACKOFF_MS << Math.min(attempt, 10));
    try {
      TimeUnit.MILLISECONDS.sleep(ThreadLocalRandom.current().nextLong(1, ceilingMs + 1));
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IOException("interrupted while committing", e);
    }
  }
}
