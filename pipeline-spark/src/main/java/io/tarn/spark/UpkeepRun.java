package io.tarn.spark;

import io.tarn.index.commit.CommitConflictException;
import io.tarn.index.commit.SnapshotLog;
import io.tarn.index.maintain.DeleteRetention;
import io.tarn.index.maintain.SegmentFate;
import io.tarn.index.snapshot.SegmentRef;
import io.tarn.index.snapshot.Snapshot;
import io.tarn.index.storage.FileStat;
import io.tarn.index.storage.Storage;
import io.tarn.spark.segment.IndexLocation;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** What the jobs have in common that write segments anew: attempts, and an account of the work. */
final class UpkeepRun {
  private static final Logger LOG = LoggerFactory.getLogger(UpkeepRun.class);

  private final Phases phases;
  private final List<String> steps = new ArrayList<>();
  private int segmentsReplaced;
  private int segmentsWritten;
  private long rows;
  private long droppedRows;
  private long forgottenDeletes;
  private long bytesRead;
  private long bytesWritten;

  UpkeepRun(Phases phases) {
    this.phases = phases;
  }

  /** One attempt, made from the newest snapshot. */
  interface Attempt<T> {
    T run(Storage storage, Snapshot newest) throws IOException;
  }

  /** Tries until no other commit is in the way: nothing is lost by it but time. */
  static <T> T attempts(IndexLocation location, int attempts, Attempt<T> attempt)
      throws IOException {
    return Failures.unwrapped(
        () -> {
          try (Storage storage = location.open()) {
            for (int left = attempts; ; left--) {
              try {
                return attempt.run(storage, new SnapshotLog(storage).newest());
              } catch (CommitConflictException e) {
                if (left <= 1) {
                  throw e;
                }
                LOG.warn("Beginning anew: {}", e.getMessage());
              }
            }
          }
        });
  }

  static DeleteRetention retention(
      Snapshot snapshot, String deleteRetention, Optional<Long> forgetDeletesBelow, long nowMs) {
    return forgetDeletesBelow
        .map(DeleteRetention::below)
        .orElseGet(
            () ->
                DeleteRetention.of(
                    snapshot, SettingRules.duration("delete-retention", deleteRetention), nowMs));
  }

  /** When segments were written. */
  static Map<String, Long> writtenMs(Storage storage, Snapshot snapshot) throws IOException {
    Map<String, Long> written = new HashMap<>();
    for (SegmentRef ref : snapshot.segments()) {
      Optional<FileStat> stat = storage.stat(ref.path());
      stat.ifPresent(file -> written.put(ref.path(), file.modifiedMs()));
    }
    return written;
  }

  void step(String format, Object... values) {
    steps.add(String.format(Locale.ROOT, format, values));
  }

  void replaces(Collection<SegmentFate> fates, boolean forgetting) {
    for (SegmentFate fate : fates) {
      long forgotten = forgetting ? fate.forgettable().cardinality() : 0;
      long superseded = fate.superseded().cardinality();
      segmentsReplaced++;
      forgottenDeletes += forgotten;
      droppedRows += superseded;
      rows += fate.ref().rows() + fate.ref().deletes() - superseded - forgotten;
      bytesRead += fate.ref().file().bytes();
    }
  }

  void wouldWrite(long bytes) {
    bytesWritten += bytes;
  }

  void wrote(Collection<SegmentRef> segments) {
    segmentsWritten += segments.size();
    segments.forEach(ref -> bytesWritten += ref.file().bytes());
  }

  UpkeepResult result(long version, boolean dryRun) {
    return new UpkeepResult(
        version,
        dryRun,
        steps,
        segmentsReplaced,
        segmentsWritten,
        rows,
        droppedRows,
        forgottenDeletes,
        bytesRead,
        bytesWritten,
        phases.seconds());
  }
}
