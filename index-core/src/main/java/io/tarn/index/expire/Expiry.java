package io.tarn.index.expire;

import io.tarn.index.commit.Committer;
import io.tarn.index.commit.SnapshotLog;
import io.tarn.index.snapshot.SegmentRef;
import io.tarn.index.snapshot.Snapshot;
import io.tarn.index.storage.FileStat;
import io.tarn.index.storage.Storage;
import io.tarn.index.write.ModelReassigner;
import java.io.IOException;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.SortedMap;
import java.util.TreeMap;

/**
 * Removes versions that are no longer kept, and files that nothing names any more. See
 * docs/FORMAT.md, "Expiry".
 *
 * <p>It can end at any point and be run again. First a version says which ones have expired; then
 * their files go, and only then what they alone named. So whoever finds a version that has not
 * expired finds all of its files.
 *
 * <p>Of many versions only a few are read. A file that is taken out of the index never comes back,
 * so what both the oldest and the newest version lack can only be in those between if it came after
 * the oldest; and no file comes more than a day after it was written ({@link
 * io.tarn.index.commit.UncommittedFiles}).
 */
public final class Expiry {
  /** With so few versions all are read, so that files need not be older than the oldest of them. */
  private static final int MAX_VERSIONS_READ = 1024;

  private static final int LAST_SIGNPOST_BIT = 40;

  private final Storage storage;
  private final SnapshotLog log;
  private final Retention retention;
  private final long nowMs;
  private final SortedMap<Long, FileStat> versions = new TreeMap<>();

  private Expiry(Storage storage, Retention retention, Instant now) {
    this.storage = storage;
    this.log = new SnapshotLog(storage);
    this.retention = retention;
    this.nowMs = now.toEpochMilli();
  }

  /**
   * Finds out what is to be removed, and changes nothing.
   *
   * @throws io.tarn.index.commit.NotAnIndexException if there is no index
   */
  public static ExpiryPlan plan(Storage storage, Retention retention, Instant now)
      throws IOException {
    return new Expiry(storage, retention, now).plan();
  }

  /**
   * Says, in a version of its own, which versions have expired. What a plan names may be removed
   * then: first its versions, then its files.
   *
   * @return the newest version
   */
  public static long announce(Storage storage, ExpiryPlan plan) throws IOException {
    if (plan.announced()) {
      return plan.newestVersion();
    }
    Committer committer = new Committer(new SnapshotLog(storage), new ModelReassigner(storage));
    return committer.expire(plan.oldestVersion()).version();
  }

  /** Removes files. Some may be gone already. */
  public static void remove(Storage storage, Collection<FileStat> files) throws IOException {
    for (FileStat file : files) {
      storage.delete(file.path());
    }
  }

  /**
   * Does all that a plan says.
   *
   * @return the newest version
   */
  public static long perform(Storage storage, ExpiryPlan plan) throws IOException {
    long newest = announce(storage, plan);
    remove(storage, plan.versions());
    remove(storage, plan.files());
    return newest;
  }

  private ExpiryPlan plan() throws IOException {
    Snapshot newest = log.newest();
    for (FileStat file : storage.list("versions")) {
      String name = file.path().substring(file.path().lastIndexOf('/') + 1);
      if (name.matches("\\d{20}\\.json")) {
        versions.put(Long.parseLong(name.substring(0, name.indexOf('.'))), file);
      }
    }
    long oldest = oldestKept(newest);
    List<FileStat> expired = new ArrayList<>(versions.headMap(oldest).values());
    Set<String> signposts = signposts(oldest);
    int all = expired.size();
    expired.removeIf(file -> signposts.contains(file.path()));
    Files files = new Files(oldest, newest);
    return new ExpiryPlan(
        newest.version(),
        oldest,
        newest.history().oldestVersion() >= oldest || oldest <= 1,
        expired,
        all - expired.size(),
        files.unused("segments"),
        files.unused("models"),
        pending(),
        files.spared);
  }

  /** The first version that is kept. */
  private long oldestKept(Snapshot newest) throws IOException {
    long known = Math.max(1, newest.history().oldestVersion());
    long byCount = newest.version() - retention.keepVersions() + 1;
    if (byCount <= known) {
      return known;
    }
    long cutoffMs = nowMs - retention.keepAge().toMillis();
    // Times never go back: the first version that was superseded after the cutoff.
    long oldest = known;
    long end = byCount;
    while (oldest < end) {
      long middle = (oldest + end) >>> 1;
      if (log.read(middle + 1).timestampMs() > cutoffMs) {
        end = middle;
      } else {
        oldest = middle + 1;
      }
    }
    // A clock that is wrong must not take a version from those who have just seen it.
    long promisedMs = nowMs - Retention.MIN_KEEP_AGE.toMillis();
    while (!retention.exclusive() && oldest > known && createdMs(oldest) > promisedMs) {
      oldest--;
    }
    return oldest;
  }

  private long createdMs(long version) {
    FileStat file = versions.get(version);
    return file == null ? Long.MIN_VALUE : file.modifiedMs();
  }

  /**
   * The versions before {@code oldest} by way of which it, or a later one, is found: those whose
   * numbers are leading bits of its number, followed by zeros. Later versions have no others.
   */
  private static Set<String> signposts(long oldest) {
    Set<String> paths = new HashSet<>();
    for (int bit = 0; bit < LAST_SIGNPOST_BIT; bit++) {
      paths.add(SnapshotLog.path(oldest >> bit << bit));
    }
    return paths;
  }

  private List<FileStat> pending() throws IOException {
    List<FileStat> files = new ArrayList<>();
    for (String directory : List.of("versions", "models", "segments")) {
      for (FileStat file : storage.listPending(directory)) {
        if (file.modifiedMs() < nowMs - retention.safetyAge().toMillis()) {
          files.add(file);
        }
      }
    }
    return files;
  }

  /** The files that kept versions name. */
  private final class Files {
    private final Set<String> named = new HashSet<>();
    private final long beforeMs;
    private int spared;

    Files(long oldest, Snapshot newest) throws IOException {
      long safeMs = nowMs - retention.safetyAge().toMillis();
      add(newest);
      Snapshot first = oldest == newest.version() ? newest : log.read(oldest);
      add(first);
      boolean all = newest.version() - oldest <= MAX_VERSIONS_READ || retention.exclusive();
      for (long version = oldest + 1; all && version < newest.version(); version++) {
        add(log.read(version));
      }
      // What neither of the two names but a version between them does was committed after the
      // first of them, and no more than a day after it was written.
      this.beforeMs =
          all ? safeMs : Math.min(safeMs, first.timestampMs() - retention.safetyAge().toMillis());
    }

    private void add(Snapshot snapshot) {
      named.add(snapshot.model().file().path());
      snapshot.embedderIfAny().ifPresent(embedder -> named.add(embedder.file().path()));
      snapshot.segments().stream().map(SegmentRef::path).forEach(named::add);
    }

    List<FileStat> unused(String directory) throws IOException {
      List<FileStat> unused = new ArrayList<>();
      for (FileStat file : storage.list(directory)) {
        if (!named.contains(file.path())) {
          if (file.modifiedMs() < beforeMs) {
            unused.add(file);
          } else {
            spared++;
          }
        }
      }
      return unused;
    }
  }
}
