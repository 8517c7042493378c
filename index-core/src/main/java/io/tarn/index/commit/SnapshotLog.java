package io.tarn.index.commit;

import io.tarn.index.format.DamagedFileException;
import io.tarn.index.format.Format;
import io.tarn.index.format.SnapshotFile;
import io.tarn.index.format.UnsupportedFormatException;
import io.tarn.index.snapshot.Snapshot;
import io.tarn.index.storage.FileStat;
import io.tarn.index.storage.PendingFile;
import io.tarn.index.storage.Storage;
import java.io.EOFException;
import java.io.IOException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.NoSuchFileException;
import java.util.Optional;

/**
 * The snapshots of an index: files {@code versions/<20 digits>.json}, created in unbroken sequence
 * from 1 on, each only if it does not exist.
 *
 * <p>The newest is found without listing. Versions form a binary search tree: the numbers that
 * share the newest version's leading bits, with zeros below, are never expired (docs/FORMAT.md,
 * "Finding the newest version"), so asking for one bit after the other, highest first, spells the
 * newest version in at most {@value #MAX_VERSION_BITS} questions, however many versions there are.
 */
public final class SnapshotLog {
  static final int MAX_VERSION_BITS = 40;

  private static final int NAME_DIGITS = 20;
  private static final String DIRECTORY = "versions/";

  private final Storage storage;

  public SnapshotLog(Storage storage) {
    this.storage = storage;
  }

  /** The files of the index. */
  public Storage storage() {
    return storage;
  }

  /** The path of a version's file. */
  public static String path(long version) {
    String digits = Long.toString(version);
    return DIRECTORY + "0".repeat(Math.max(0, NAME_DIGITS - digits.length())) + digits + ".json";
  }

  /** The newest version's number, or 0 if there is none. */
  public long newestVersion() throws IOException {
    long version = 0;
    for (int bit = MAX_VERSION_BITS - 1; bit >= 0; bit--) {
      long candidate = version | 1L << bit;
      if (exists(candidate)) {
        version = candidate;
      }
    }
    return version;
  }

  /**
   * The newest version's number, by someone who knew {@code known} to be the newest a short while
   * ago: shorter than the ten minutes for which FORMAT.md keeps a superseded version. None of its
   * successors has expired then, so their end is found with steps that grow while they exist. Costs
   * one question where nothing is new, and three where one version or two are.
   */
  public long newestVersionAfter(long known) throws IOException {
    long newest = known;
    long step = 1;
    while (exists(newest + step)) {
      newest += step;
      step *= 2;
    }
    long beyond = newest + step;
    while (beyond - newest > 1) {
      long middle = (newest + beyond) >>> 1;
      if (exists(middle)) {
        newest = middle;
      } else {
        beyond = middle;
      }
    }
    return newest;
  }

  /** The newest snapshot, or empty if there is no index. */
  public Optional<Snapshot> findNewest() throws IOException {
    long version = newestVersion();
    return version == 0 ? Optional.empty() : Optional.of(read(version));
  }

  /**
   * The newest snapshot.
   *
   * @throws NotAnIndexException if there is none
   */
  public Snapshot newest() throws IOException {
    return findNewest().orElseThrow(() -> new NotAnIndexException(storage.location()));
  }

  /**
   * Reads one version.
   *
   * @throws NoSuchVersionException if there is no such version
   * @throws DamagedFileException if its bytes are not those of a snapshot
   */
  public Snapshot read(long version) throws IOException {
    String path = path(version);
    Optional<FileStat> stat = version < 1 ? Optional.empty() : storage.stat(path);
    if (stat.isEmpty()) {
      long newest = newestVersion();
      if (newest == 0) {
        throw new NotAnIndexException(storage.location());
      }
      throw new NoSuchVersionException(storage.location(), version, newest);
    }
    long length = stat.get().bytes();
    if (length > Format.MAX_FILE_BYTES) {
      throw new DamagedFileException(path, "has " + length + " bytes, more than any snapshot");
    }
    try {
      byte[] bytes = storage.read(path, 0, (int) length);
      Snapshot snapshot = SnapshotFile.fromBytes(path, bytes);
      if (snapshot.version() != version) {
        throw new DamagedFileException(path, "says that it is version " + snapshot.version());
      }
      return snapshot;
    } catch (NoSuchFileException | EOFException e) {
      throw new DamagedFileException(path, "vanished while it was read", e);
    }
  }

  /**
   * Reads a version that someone asks for by its number, to use what it names.
   *
   * @throws VersionExpiredException if it has expired, though its file may be left as a signpost
   * @throws NoSuchVersionException if there never was such a version
   * @throws DamagedFileException if its bytes are not those of a snapshot
   */
  public Snapshot readPinned(long version) throws IOException {
    Snapshot newest;
    try {
      newest = newest();
    } catch (DamagedFileException | UnsupportedFormatException e) {
      // Older versions are there all the same.
      return read(version);
    }
    if (version == newest.version()) {
      return newest;
    }
    long oldest = newest.history().oldestVersion();
    if (version >= 1 && version < oldest) {
      throw new VersionExpiredException(storage.location(), version, oldest, newest.version());
    }
    return read(version);
  }

  /**
   * The version that was the newest at a moment. Reads some twenty snapshots of a million.
   *
   * @throws NotAnIndexException if there is no index
   * @throws NoVersionAsOfException if that version has expired, or there was none, or is none yet
   */
  public Snapshot asOf(AsOf moment) throws IOException {
    return new AsOfSearch(this, newest()).find(moment);
  }

  /**
   * Publishes a snapshot, unless its version exists.
   *
   * @return false if another commit took the version; nothing was changed then
   * @throws io.tarn.index.storage.OutcomeUnknownException if it may or may not be published
   */
  boolean tryPublish(Snapshot snapshot) throws IOException {
    try (PendingFile file = storage.create(path(snapshot.version()))) {
      file.write(SnapshotFile.toBytes(snapshot));
      file.publish();
      return true;
    } catch (FileAlreadyExistsException e) {
      return false;
    }
  }

  boolean exists(long version) throws IOException {
    return storage.stat(path(version)).isPresent();
  }
}
