package io.tarn.index.commit;

import io.tarn.index.snapshot.Change;
import io.tarn.index.snapshot.OffsetRange;
import io.tarn.index.snapshot.Snapshot;
import io.tarn.index.snapshot.SourceAdvance;
import io.tarn.index.snapshot.SourceState;
import java.util.Map;
import java.util.SortedMap;

/** Decides, from positions alone, whether a snapshot holds, lacks or contradicts a change. */
final class SourcePositions {
  private SourcePositions() {}

  enum Verdict {
    /** The change has no positions, or the snapshot ends where it begins. */
    APPLIES,
    /** The snapshot holds all of it already: it was committed before, perhaps by us. */
    CONTAINED
  }

  /**
   * @throws CommitConflictException if the snapshot holds a part of the change, or lacks records
   *     before it, or has read another source of the same name
   */
  static Verdict compare(Snapshot snapshot, Change change) throws CommitConflictException {
    int partitions = 0;
    int contained = 0;
    for (Map.Entry<String, SourceAdvance> source : change.sources().entrySet()) {
      checkIncarnation(snapshot, source.getKey(), source.getValue());
      SortedMap<Integer, Long> reached = snapshot.source(source.getKey()).nextOffsets();
      for (Map.Entry<Integer, OffsetRange> entry : source.getValue().partitions().entrySet()) {
        OffsetRange range = entry.getValue();
        long position = reached.getOrDefault(entry.getKey(), OffsetRange.UNKNOWN);
        partitions++;
        if (position >= range.next()) {
          contained++;
        } else if (position > range.first() || position < range.from()) {
          throw conflict(
              snapshot, source.getKey() + ", partition " + entry.getKey(), position, range);
        }
      }
    }
    if (contained == 0) {
      return Verdict.APPLIES;
    }
    if (contained == partitions) {
      return Verdict.CONTAINED;
    }
    throw new CommitConflictException(
        "version "
            + snapshot.version()
            + " holds "
            + contained
            + " of the "
            + partitions
            + " partitions of this change: another writer feeds the same index from the same"
            + " source. See to it that there is one, and start it without its state: it resumes"
            + " from the snapshot");
  }

  /** The offsets of one are no measure for the other. */
  private static void checkIncarnation(Snapshot snapshot, String source, SourceAdvance advance)
      throws CommitConflictException {
    SourceState state = snapshot.source(source);
    if (state.isOther(advance.incarnation())) {
      throw new CommitConflictException(
          String.format(
              "version %d has read the %s with the id %s, the change is of one with the id %s: it"
                  + " was deleted and made anew",
              snapshot.version(), source, state.incarnation(), advance.incarnation()));
    }
  }

  private static CommitConflictException conflict(
      Snapshot snapshot, String partition, long position, OffsetRange range) {
    String problem =
        position < range.from()
            ? "lacks the records before it: the index is older than the writer's state. Restart"
                + " the writer without its state, and it resumes from the snapshot"
            : "holds a part of it: another writer feeds the same index from the same source. See"
                + " to it that there is one, and start it without its state: it resumes from the"
                + " snapshot";
    return new CommitConflictException(
        String.format(
            "version %d has read %s up to offset %d; a change of offsets %d to %d cannot follow,"
                + " because the snapshot %s",
            snapshot.version(), partition, position, range.first(), range.next(), problem));
  }
}
