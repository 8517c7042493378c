package io.tarn.index.verify;

import io.tarn.index.centroid.Model;
import io.tarn.index.commit.NotAnIndexException;
import io.tarn.index.commit.SnapshotLog;
import io.tarn.index.feature.Metric;
import io.tarn.index.feature.Schema;
import io.tarn.index.format.ChecksummedFile;
import io.tarn.index.format.Format;
import io.tarn.index.format.ModelFile;
import io.tarn.index.format.SegmentReader;
import io.tarn.index.search.IndexReader;
import io.tarn.index.segment.Segment;
import io.tarn.index.snapshot.EmbedderRef;
import io.tarn.index.snapshot.FileRef;
import io.tarn.index.snapshot.ModelRef;
import io.tarn.index.snapshot.SegmentRef;
import io.tarn.index.snapshot.Snapshot;
import io.tarn.index.storage.FileStat;
import io.tarn.index.storage.Storage;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.SortedSet;
import java.util.TreeSet;

/**
 * Reads every byte of an index and checks every rule of docs/FORMAT.md that can be checked: each
 * version, and each file a version refers to, once.
 */
public final class IndexVerifier {
  /** Rounding in unit vectors; a vector farther off was not normalised. */
  private static final double UNIT_TOLERANCE = 1e-3;

  /** Rounding in a sum of squares, computed in floats, relative; */
  private static final double ERROR_TOLERANCE = 1e-3;

  /** and of squares that are too small for floats, of each value. */
  private static final double SMALLEST_SQUARE = 1e-37;

  private final Storage storage;
  private final List<String> problems = new ArrayList<>();
  private final Map<String, FileRef> checked = new HashMap<>();
  private final Map<String, Model> models = new HashMap<>();

  /** The lists of each segment. */
  private final Map<String, Set<Integer>> lists = new HashMap<>();

  /** The model that was last found to have the lists of a segment. */
  private final Map<String, String> modelOf = new HashMap<>();

  private Snapshot previous;

  /** Versions before this one have expired. */
  private long oldest;

  private IndexVerifier(Storage storage) {
    this.storage = storage;
  }

  /**
   * Verifies an index.
   *
   * @throws NotAnIndexException if there is none
   * @throws IOException if the storage fails; damage is reported, not thrown
   */
  public static VerificationReport verify(Storage storage) throws IOException {
    return new IndexVerifier(storage).run();
  }

  private VerificationReport run() throws IOException {
    SnapshotLog log = new SnapshotLog(storage);
    SortedSet<Long> versions = new TreeSet<>();
    for (FileStat file : storage.list("versions")) {
      long version = versionOf(file);
      if (version > 0) {
        versions.add(version);
      }
    }
    if (versions.isEmpty()) {
      throw new NotAnIndexException(storage.location());
    }
    long newest = versions.last();
    attempt(() -> oldest = log.read(newest).history().oldestVersion());
    for (long version : versions) {
      attempt(() -> checkSnapshot(log.read(version)));
    }
    checkNoneIsMissing(versions);
    checkSignposts(versions);
    long[] liveRows = new long[1];
    if (problems.isEmpty()) {
      attempt(() -> liveRows[0] = IndexReader.openVersion(storage, newest).liveRowCount());
    }
    return new VerificationReport(
        newest,
        versions.size(),
        checked.size(),
        checked.values().stream().mapToLong(FileRef::bytes).sum(),
        liveRows[0],
        problems,
        unreferenced());
  }

  /** Versions are numbered without gaps, from the oldest that has not expired. */
  private void checkNoneIsMissing(SortedSet<Long> versions) {
    long newest = versions.last();
    for (long version = Math.max(1, oldest); version < newest; version++) {
      long lowestBit = version & -version;
      boolean isSignpost = (newest & -lowestBit) == version;
      check(
          isSignpost || versions.contains(version),
          SnapshotLog.path(version) + ": is missing, though it has not expired");
    }
  }

  /** Readers find the newest version by way of those whose numbers are its leading bits. */
  private void checkSignposts(SortedSet<Long> versions) {
    long newest = versions.last();
    for (long signpost = newest; signpost != 0; signpost &= signpost - 1) {
      check(
          versions.contains(signpost),
          SnapshotLog.path(signpost)
              + ": is missing, and without it version "
              + newest
              + " cannot be found: readers see an older one. Restore the file from a copy");
    }
  }

  private long versionOf(FileStat file) {
    String name = file.path().substring(file.path().lastIndexOf('/') + 1);
    if (!name.matches("\\d{20}\\.json")) {
      problems.add(file.path() + ": is no version; only Tarn's files belong into the index");
      return 0;
    }
    return Long.parseLong(name.substring(0, name.indexOf('.')));
  }

  private void checkSnapshot(Snapshot snapshot) throws IOException {
    String path = SnapshotLog.path(snapshot.version());
    if (previous != null) {
      check(
          snapshot.indexId().equals(previous.indexId()),
          path + ": belongs to another index, " + snapshot.indexId());
      check(
          snapshot.timestampMs() >= previous.timestampMs(),
          path + ": is dated before version " + previous.version());
      check(
          snapshot.schema().attributes().containsAll(previous.schema().attributes()),
          path + ": lacks attributes of version " + previous.version());
    }
    if (snapshot.version() < oldest) {
      // A signpost: the files that it names may be gone.
      previous = snapshot;
      return;
    }
    attempt(() -> checkModel(snapshot.model(), snapshot.schema()));
    checkListIds(snapshot);
    previous = snapshot;
    Set<String> paths = new HashSet<>();
    if (snapshot.embedder() != null) {
      attempt(() -> checkEmbedder(snapshot.embedder()));
    }
    for (SegmentRef segment : snapshot.segments()) {
      check(paths.add(segment.path()), path + ": has " + segment.path() + " twice");
      check(
          segment.sequence() >= 1 && segment.sequence() <= snapshot.version(),
          path + ": says that version " + segment.sequence() + " brought in " + segment.path());
      attempt(() -> checkSegment(segment, snapshot));
      checkLists(segment, snapshot);
    }
  }

  /** Lists come under numbers that no list had before. */
  private void checkListIds(Snapshot snapshot) {
    if (previous == null || snapshot.model().id().equals(previous.model().id())) {
      return;
    }
    Model model = models.get(snapshot.model().id());
    Model before = models.get(previous.model().id());
    if (model == null || before == null) {
      return;
    }
    String path = snapshot.model().file().path();
    check(
        model.nextListId() >= before.nextListId(),
        path + ": would number its next list " + model.nextListId() + ", as one before");
    for (int list : model.listIds()) {
      check(
          list >= before.nextListId() || Arrays.binarySearch(before.listIds(), list) >= 0,
          path + ": has a new list of the used number " + list);
    }
  }

  private void checkLists(SegmentRef segment, Snapshot snapshot) {
    Model model = models.get(snapshot.model().id());
    Set<Integer> held = lists.get(segment.path());
    if (model == null
        || held == null
        || snapshot.model().id().equals(modelOf.put(segment.path(), snapshot.model().id()))) {
      return;
    }
    for (int list : held) {
      check(
          Arrays.binarySearch(model.listIds(), list) >= 0,
          SnapshotLog.path(snapshot.version())
              + ": its model does not have list "
              + list
              + " of "
              + segment.path());
    }
  }

  private void checkModel(ModelRef ref, Schema schema) throws IOException {
    if (!isNew(ref.file())) {
      return;
    }
    checkContentAddress(ref.file(), ref.id());
    Model model = ModelFile.read(storage, ref);
    String path = ref.file().path();
    check(
        model.dimension() == schema.dimension() && model.metric() == schema.metric(),
        path + ": is a model of another dimension or metric than the schema");
    check(model.listCount() == ref.lists(), path + ": has " + model.listCount() + " lists");
    check(
        model.quantizer().type().equals(ref.quantizer()),
        path + ": is for the quantizer " + model.quantizer().type());
    checkFinite(path, model.centroids(), model.dimension(), "centroid");
    models.put(ref.id(), model);
  }

  private void checkEmbedder(EmbedderRef ref) throws IOException {
    if (isNew(ref.file())) {
      checkContentAddress(ref.file(), ref.fingerprint());
    }
  }

  private void checkContentAddress(FileRef file, String id) throws IOException {
    String address = ChecksummedFile.contentAddress(ChecksummedFile.read(storage, file));
    check(
        address.equals(id) && file.path().contains(address),
        file.path() + ": has content of the address " + address);
  }

  private void checkSegment(SegmentRef ref, Snapshot snapshot) throws IOException {
    Model model = models.get(snapshot.model().id());
    if (!isNew(ref.file()) || model == null) {
      return;
    }
    Schema schema = snapshot.schema();
    Segment segment = SegmentReader.read(storage, ref, schema);
    String path = ref.path();
    checkRows(segment, model);
    Set<Integer> held = new HashSet<>();
    Arrays.stream(segment.lists().toArray()).filter(list -> list >= 0).forEach(held::add);
    lists.put(path, held);
    modelOf.put(path, snapshot.model().id());
    float[] vector = new float[schema.dimension()];
    for (int row = 0; row < segment.vectors().size(); row++) {
      segment.vectors().copy(row, vector, 0);
      String problem = vectorProblem(schema, vector);
      if (problem != null) {
        problems.add(path + ": vector " + row + " " + problem);
        return;
      }
    }
    checkError(segment, model);
  }

  /** How far rows are from their centroids is what the snapshot says, if it does. */
  private void checkError(Segment segment, Model model) {
    double recorded = segment.ref().squaredError();
    if (recorded == SegmentRef.UNKNOWN_ERROR) {
      return;
    }
    int dimension = model.dimension();
    float[] vector = new float[dimension];
    double sum = 0;
    for (int row = 0; row < segment.vectors().size(); row++) {
      segment.vectors().copy(row, vector, 0);
      int listId = segment.lists().listOf(segment.deletes() + row);
      int list = Arrays.binarySearch(model.listIds(), listId);
      if (list < 0) {
        // Which is a problem of its own.
        return;
      }
      for (int i = 0; i < dimension; i++) {
        double difference = (double) vector[i] - model.centroids()[list * dimension + i];
        sum += difference * difference;
      }
    }
    double rounding =
        ERROR_TOLERANCE * sum + SMALLEST_SQUARE * dimension * segment.vectors().size();
    check(
        Math.abs(recorded - sum) <= rounding,
        segment.ref().path()
            + ": has a squared error of "
            + sum
            + " where the snapshot says "
            + recorded);
  }

  /** Names the first row that is out of place. */
  private void checkRows(Segment segment, Model model) {
    SegmentRef ref = segment.ref();
    for (int row = 0; row < segment.rowCount(); row++) {
      int list = segment.lists().listOf(row);
      String problem = null;
      if (row > 0 && list < segment.lists().listOf(row - 1)) {
        problem = "is out of order: list " + list + " after " + segment.lists().listOf(row - 1);
      } else if (segment.isDelete(row) != (list == Format.DELETES_LIST)) {
        problem =
            "has list "
                + list
                + " though it is "
                + (segment.isDelete(row) ? "a" : "no")
                + " delete";
      } else if (list >= 0 && Arrays.binarySearch(model.listIds(), list) < 0) {
        problem = "is in list " + list + ", which the model does not have";
      }
      if (problem != null) {
        problems.add(ref.path() + ": row " + row + " " + problem);
        return;
      }
    }
  }

  private void checkFinite(String path, float[] values, int dimension, String what) {
    for (int i = 0; i < values.length; i++) {
      if (!Float.isFinite(values[i])) {
        problems.add(path + ": " + what + " " + i / dimension + " holds " + values[i]);
        return;
      }
    }
  }

  private static String vectorProblem(Schema schema, float[] vector) {
    double squaredNorm = 0;
    for (float value : vector) {
      if (!Float.isFinite(value)) {
        return "holds " + value;
      }
      squaredNorm += (double) value * value;
    }
    return schema.metric() == Metric.COSINE && Math.abs(squaredNorm - 1) > UNIT_TOLERANCE
        ? "has the squared length " + squaredNorm + " where cosine stores unit vectors"
        : null;
  }

  /** Whether a file is to be checked now; a file of several versions is checked for the first. */
  private boolean isNew(FileRef file) {
    FileRef known = checked.putIfAbsent(file.path(), file);
    check(
        known == null || known.equals(file),
        file.path() + ": is recorded with other bytes in different versions");
    return known == null;
  }

  private List<String> unreferenced() throws IOException {
    List<String> paths = new ArrayList<>();
    for (String directory : List.of("models", "segments")) {
      for (FileStat file : storage.list(directory)) {
        if (!checked.containsKey(file.path())) {
          paths.add(file.path());
        }
      }
    }
    return paths;
  }

  private void check(boolean holds, String problem) {
    if (!holds && !problems.contains(problem)) {
      problems.add(problem);
    }
  }

  private interface Step {
    void run() throws IOException;
  }

  /** Runs a step; what it throws is a finding, and no reason to stop looking. */
  private void attempt(Step step) {
    try {
      step.run();
    } catch (IOException | RuntimeException e) {
      problems.add(e.getMessage() == null ? e.toString() : e.getMessage());
    }
  }
}
