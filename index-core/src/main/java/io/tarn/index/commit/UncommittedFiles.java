package io.tarn.index.commit;

import io.tarn.index.snapshot.Change;
import io.tarn.index.snapshot.FileRef;
import io.tarn.index.snapshot.SegmentRef;
import io.tarn.index.storage.FileStat;
import io.tarn.index.storage.Storage;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * The promise between writers and expiry. Of a file that no snapshot names it cannot be seen
 * whether its writer is still to commit it, so writers commit no file that is older than a {@link
 * #MAX_AGE day}, and expiry removes none that is not {@link #SAFETY_AGE an hour} older than that.
 */
public final class UncommittedFiles {
  /** Older files are not committed. */
  public static final Duration MAX_AGE = Duration.ofHours(24);

  /**
   * Younger files are not removed though no snapshot names them. The hour is for clocks that go
   * wrong, and for the time between a writer's check and its commit.
   */
  public static final Duration SAFETY_AGE = Duration.ofHours(25);

  private UncommittedFiles() {}

  /**
   * Checks the files that a change brings.
   *
   * @throws CommitConflictException if one is gone, or too old
   */
  static void check(Storage storage, Change change, long nowMs) throws IOException {
    List<FileRef> files = new ArrayList<>();
    change.added().stream().map(SegmentRef::file).forEach(files::add);
    change.newModel().ifPresent(model -> files.add(model.file()));
    for (FileRef file : files) {
      Optional<FileStat> stat = storage.stat(file.path());
      if (stat.isEmpty()) {
        throw new CommitConflictException(
            file.path()
                + " of this change is gone: it was written, was not committed within "
                + MAX_AGE.toHours()
                + " hours, and has been removed by expiry. Make the change anew: a job is run"
                + " again, a stream restarted without its state resumes from the snapshot");
      }
      if (nowMs - stat.get().modifiedMs() > MAX_AGE.toMillis()) {
        throw new CommitConflictException(
            file.path()
                + " of this change was written more than "
                + MAX_AGE.toHours()
                + " hours ago, and expiry may remove it at any time. Make the change anew: a job"
                + " is run again, a stream restarted without its state resumes from the snapshot. A"
                + " model that comes out the same once more has to be expired first, or trained with"
                + " another seed");
      }
    }
  }
}
