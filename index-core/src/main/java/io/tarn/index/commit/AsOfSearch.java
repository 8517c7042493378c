package io.tarn.index.commit;

import io.tarn.index.snapshot.SegmentRef;
import io.tarn.index.snapshot.Snapshot;
import io.tarn.index.snapshot.SourceState;
import io.tarn.index.storage.Storage;
import java.io.IOException;
import java.time.Instant;
import java.util.HashSet;
import java.util.Set;
import java.util.function.Predicate;

/**
 * Finds versions by what they hold, by bisection: neither times nor positions ever go back. It
 * reads some twenty snapshots of a million.
 *
 * <p>Versions that have expired leave holes, and signposts between them. One that is missing is
 * taken to be older than what is asked for. So the search ends at the right version, or behind a
 * hole: then the version may have been in there.
 */
final class AsOfSearch {
  private final SnapshotLog log;
  private final Storage storage;
  private final Snapshot newest;

  AsOfSearch(SnapshotLog log, Snapshot newest) {
    this.log = log;
    this.storage = log.storage();
    this.newest = newest;
  }

  Snapshot find(AsOf moment) throws IOException {
    Snapshot found =
        moment instanceof AsOf.Time time
            ? lastUpTo(time.instant())
            : firstWith((AsOf.Record) moment);
    checkFiles(found, moment);
    return found;
  }

  private Snapshot lastUpTo(Instant time) throws IOException {
    Instant now = Instant.now();
    if (time.isAfter(now)) {
      throw new NoVersionAsOfException(time + " is yet to come: it is " + now);
    }
    if (!committedAt(newest).isAfter(time)) {
      return newest;
    }
    Snapshot next = first(snapshot -> committedAt(snapshot).isAfter(time));
    if (next.version() == 1) {
      throw new NoVersionAsOfException(
          "the index at "
              + storage.location()
              + " did not exist at "
              + time
              + ": its first version is of "
              + committedAt(next));
    }
    if (!log.exists(next.version() - 1)) {
      throw expired(time.toString(), next);
    }
    return log.read(next.version() - 1);
  }

  private static Instant committedAt(Snapshot snapshot) {
    return Instant.ofEpochMilli(snapshot.timestampMs());
  }

  private Snapshot firstWith(AsOf.Record record) throws IOException {
    SourceState reached = newest.source(record.source());
    Long next = reached.nextOffsets().get(record.partition());
    if (next == null) {
      throw new NoVersionAsOfException(
          "version "
              + newest.version()
              + " has read nothing of "
              + record.source()
              + ", partition "
              + record.partition()
              + "; its sources are "
              + newest.sources().keySet());
    }
    if (next <= record.offset()) {
      throw new NoVersionAsOfException(
          "version "
              + newest.version()
              + " has read "
              + record.source()
              + ", partition "
              + record.partition()
              + ", up to offset "
              + (next - 1)
              + "; the record "
              + record.offset()
              + " is not in it yet");
    }
    Snapshot first =
        first(
            snapshot -> {
              SourceState state = snapshot.source(record.source());
              return !state.isOther(reached.incarnation())
                  && state.nextOffsets().getOrDefault(record.partition(), 0L) > record.offset();
            });
    if (first.version() > 1 && !log.exists(first.version() - 1)) {
      throw expired(record.toString(), first);
    }
    return first;
  }

  /**
   * The first of those versions for which the condition holds, if none before it is missing.
   *
   * @param condition holds for the newest version, and of each other for all that follow it
   */
  private Snapshot first(Predicate<Snapshot> condition) throws IOException {
    long before = 0;
    Snapshot first = newest;
    while (first.version() - before > 1) {
      long middle = (before + first.version()) >>> 1;
      Snapshot snapshot = log.exists(middle) ? log.read(middle) : null;
      if (snapshot != null && condition.test(snapshot)) {
        first = snapshot;
      } else {
        before = middle;
      }
    }
    return first;
  }

  /** A version that is left as a signpost may refer to files that have expired. */
  private void checkFiles(Snapshot found, AsOf moment) throws IOException {
    if (found.version() < newest.history().oldestVersion()) {
      throw expired(moment.toString(), log.read(newest.history().oldestVersion()));
    }
    Set<String> kept = new HashSet<>();
    newest.segments().forEach(segment -> kept.add(segment.path()));
    for (SegmentRef segment : found.segments()) {
      if (!kept.contains(segment.path()) && storage.stat(segment.path()).isEmpty()) {
        throw expired(moment.toString(), log.read(found.version() + 1));
      }
    }
  }

  private NoVersionAsOfException expired(String moment, Snapshot left) {
    return new NoVersionAsOfException(
        "what the index at "
            + storage.location()
            + " was as of "
            + moment
            + " has expired; the oldest version after it that is left is "
            + left.version()
            + ", committed at "
            + committedAt(left));
  }
}
