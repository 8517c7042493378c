package io.tarn.index.verify;

import io.tarn.index.commit.SnapshotLog;
import io.tarn.index.feature.FeatureId;
import io.tarn.index.format.DamagedFileException;
import io.tarn.index.format.Format;
import io.tarn.index.format.SegmentReader;
import io.tarn.index.format.UnsupportedFormatException;
import io.tarn.index.segment.IdColumn;
import io.tarn.index.segment.Segment;
import io.tarn.index.snapshot.SegmentRef;
import io.tarn.index.snapshot.Snapshot;
import io.tarn.index.storage.FileStat;
import io.tarn.index.storage.Storage;
import java.io.IOException;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/**
 * Looks for an id in every segment that there is: of the newest version, of older ones, and of none
 * at all. Versions themselves hold no ids, and models hold means of many vectors.
 */
public final class PurgeCheck {
  private PurgeCheck() {}

  /**
   * Looks for an id.
   *
   * @throws io.tarn.index.commit.NotAnIndexException if there is no index
   */
  public static PurgeReport find(Storage storage, FeatureId id) throws IOException {
    Snapshot newest = new SnapshotLog(storage).newest();
    Set<String> named = new HashSet<>();
    newest.segments().stream().map(SegmentRef::path).forEach(named::add);
    List<PurgeReport.Trace> traces = new ArrayList<>();
    List<String> unreadable = new ArrayList<>();
    List<FileStat> files = storage.list("segments");
    for (FileStat file : files) {
      try {
        Segment segment = SegmentReader.readUnrecorded(storage, file, newest.schema());
        trace(segment, id, file, named.contains(file.path())).ifPresent(traces::add);
      } catch (DamagedFileException | UnsupportedFormatException e) {
        // What has gone since it was listed holds nothing.
        if (storage.stat(file.path()).isPresent()) {
          unreadable.add(e.getMessage());
        }
      }
    }
    for (FileStat file : storage.listPending("segments")) {
      unreadable.add(file.path() + ": was begun by a writer and not published");
    }
    return new PurgeReport(id, newest.version(), files.size(), traces, unreadable);
  }

  private static Optional<PurgeReport.Trace> trace(
      Segment segment, FeatureId id, FileStat file, boolean named) {
    IdColumn wanted = IdColumn.single(id);
    int rows = 0;
    int deletes = 0;
    for (int row = 0; row < segment.rowCount(); row++) {
      if (segment.ids().sameId(row, wanted, 0)) {
        if (segment.lists().listOf(row) == Format.DELETES_LIST) {
          deletes++;
        } else {
          rows++;
        }
      }
    }
    return rows + deletes == 0
        ? Optional.empty()
        : Optional.of(new PurgeReport.Trace(file.path(), rows, deletes, named, file.bytes()));
  }
}
