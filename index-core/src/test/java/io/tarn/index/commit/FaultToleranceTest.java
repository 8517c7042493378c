package io.tarn.index.commit;

import static io.tarn.index.storage.FaultyStorage.Fault.LOSE_ANSWER_AFTER;
import static io.tarn.index.storage.FaultyStorage.Fault.LOSE_ANSWER_BEFORE;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.fail;

import io.tarn.index.centroid.Model;
import io.tarn.index.feature.Feature;
import io.tarn.index.feature.FeatureId;
import io.tarn.index.feature.IdType;
import io.tarn.index.feature.Metric;
import io.tarn.index.feature.Schema;
import io.tarn.index.format.DamagedFileException;
import io.tarn.index.format.ModelFile;
import io.tarn.index.quantize.Quantizer;
import io.tarn.index.search.IndexReader;
import io.tarn.index.search.IndexView;
import io.tarn.index.snapshot.Change;
import io.tarn.index.snapshot.OffsetRange;
import io.tarn.index.snapshot.SegmentRef;
import io.tarn.index.snapshot.Snapshot;
import io.tarn.index.snapshot.SourceAdvance;
import io.tarn.index.storage.FaultyStorage;
import io.tarn.index.storage.FaultyStorage.Crash;
import io.tarn.index.storage.FaultyStorage.Fault;
import io.tarn.index.storage.MemoryStorage;
import io.tarn.index.storage.Storage;
import io.tarn.index.verify.IndexVerifier;
import io.tarn.index.write.FeatureBuffer;
import io.tarn.index.write.ModelReassigner;
import java.io.IOException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.SortedMap;
import java.util.TreeMap;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.Combinators;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/**
 * Writers that are struck by a fault at any operation and carry on, as a job does that is restarted
 * from its state. Whatever the fault: the index shows exactly what the published versions hold, and
 * in the end every change is in it, once.
 */
class FaultToleranceTest {
  private static final int MAX_RESTARTS = 3;
  private static final Schema SCHEMA = new Schema(IdType.INT64, 1, Metric.L2, List.of());
  private static final String SOURCE = "kafka:features";

  /** What a change does: upserts, or deletes where the value is null, of some ids. */
  private record Edit(long order, Map<Long, Float> values) {}

  /**
   * A writer with a to-do list. Like a job it remembers, across a crash, the changes it has not yet
   * seen committed; segments that were being written are lost, and written again.
   */
  private static final class Writer {
    private final Storage storage;
    private final List<Edit> edits;
    private final boolean withPositions;
    private final List<Change> changes = new ArrayList<>();
    private final Map<String, Edit> editOfCommit;
    private int done;

    Writer(Storage storage, List<Edit> edits, boolean positions, Map<String, Edit> editOfCommit) {
      this.storage = storage;
      this.edits = edits;
      this.withPositions = positions;
      this.editOfCommit = editOfCommit;
    }

    void run() throws IOException {
      while (done < edits.size()) {
        if (changes.size() == done) {
          changes.add(write(done));
        }
        SnapshotLog log = new SnapshotLog(storage);
        new Committer(log, new ModelReassigner(storage)).commit(changes.get(done));
        done++;
      }
    }

    private Change write(int number) throws IOException {
      Edit edit = edits.get(number);
      Snapshot snapshot = new SnapshotLog(storage).newest();
      FeatureBuffer buffer =
          new FeatureBuffer(storage, SCHEMA, ModelFile.read(storage, snapshot.model()));
      edit.values().forEach((id, value) -> buffer.add(feature(id, value, edit.order())));
      List<SegmentRef> added = new ArrayList<>();
      buffer.flush().ifPresent(added::add);
      SortedMap<String, SourceAdvance> sources = new TreeMap<>();
      if (withPositions) {
        long from = number == 0 ? OffsetRange.UNKNOWN : number * 10L;
        OffsetRange range = new OffsetRange(from, number * 10L, number * 10L + 10);
        sources.put(SOURCE, new SourceAdvance(new TreeMap<>(Map.of(0, range)), number));
      }
      String commitId = "commit " + editOfCommit.size();
      editOfCommit.put(commitId, edit);
      return new Change(commitId, "test", snapshot.model().id(), added, List.of(), sources);
    }
  }

  private static Feature feature(long id, Float value, long order) {
    FeatureId featureId = FeatureId.of(id);
    return value == null
        ? Feature.delete(featureId, order, id)
        : new Feature(featureId, new float[] {value}, order, id, new Object[0]);
  }

  private static void create(Storage storage) throws IOException {
    Model model = Model.of(Metric.L2, 1, new float[] {-1, 1}, Quantizer.byDefault());
    FeatureBuffer buffer = new FeatureBuffer(storage, SCHEMA, model);
    buffer.add(feature(1, 1f, 1));
    buffer.add(feature(2, 2f, 1));
    NewIndex index =
        new NewIndex(
            "test",
            SCHEMA,
            ModelFile.write(storage, model),
            null,
            List.of(buffer.flush().orElseThrow()));
    Committer.create(new SnapshotLog(storage), index);
  }

  /** Creates an index, appends, is overtaken by another writer, deletes and appends again. */
  private static final class Scenario {
    private final MemoryStorage disk = new MemoryStorage();
    private final FaultyStorage storage = new FaultyStorage(disk);
    private final Map<String, Edit> editOfCommit = new HashMap<>();
    private final Writer writer;
    private final Writer other;

    Scenario(boolean withPositions) {
      Map<Long, Float> upserts = new HashMap<>(Map.of(2L, -2f, 3L, 3f));
      Map<Long, Float> deletes = new HashMap<>(Map.of(4L, 4f));
      deletes.put(1L, null);
      deletes.put(3L, null);
      writer =
          new Writer(
              storage,
              List.of(new Edit(2, upserts), new Edit(3, deletes)),
              withPositions,
              editOfCommit);
      // Of equal order with the deletes, so that committing them twice would show.
      Edit late = new Edit(3, Map.of(3L, 33f, 5L, 5f));
      other = new Writer(disk, new ArrayList<>(List.of(late)), false, editOfCommit);
      storage.beforePublishing(SnapshotLog.path(3), other::run);
    }

    /** One life of the process, which ends with its work or with the fault. */
    void run() throws IOException {
      if (new SnapshotLog(storage).findNewest().isEmpty()) {
        create(storage);
      }
      writer.run();
      assertThat(values(IndexReader.open(storage).view()))
          .isEqualTo(values(IndexReader.open(disk).view()));
    }

    /** Other writers do not wait for a writer that is being restarted. */
    void othersGoOn() throws IOException {
      if (new SnapshotLog(disk).newestVersion() > 0) {
        other.edits.add(new Edit(3, Map.of(3L, 34f, 4L, 44f)));
        other.run();
      }
    }
  }

  /**
   * Every operation, every fault. Only of the many questions for versions that never were, of which
   * finding the newest version consists, one in each row stands for all.
   */
  @ParameterizedTest
  @CsvSource({
    "CRASH_BEFORE, false",
    "CRASH_AFTER, true",
    "CRASH_AFTER, false",
    "FAIL_ONCE, false",
    "LOSE_ANSWER_AFTER, true",
    "LOSE_ANSWER_AFTER, false",
    "LOSE_ANSWER_BEFORE, false",
    "FLIP_BIT_IN_READ, false",
    "CUT_READ_SHORT, false"
  })
  void aFaultAtAnyOperationLosesNothingAndDoublesNothing(Fault fault, boolean withPositions)
      throws IOException {
    Scenario faultless = new Scenario(withPositions);
    faultless.run();
    List<String> operations = faultless.storage.operations();
    int struck = 0;
    for (int n = 1; n <= operations.size(); n++) {
      boolean sameAsLast = n > 1 && isIdle(operations.get(n - 1)) && isIdle(operations.get(n - 2));
      if (!sameAsLast) {
        strike(new Scenario(withPositions), n, operations.get(n - 1), fault);
        struck++;
      }
    }
    assertThat(struck).isGreaterThan(60);
  }

  private static boolean isIdle(String operation) {
    return operation.startsWith("stat versions/") && !operation.contains("/00000000000000000");
  }

  private static void strike(Scenario scenario, int number, String operation, Fault fault) {
    scenario.storage.failAt(number, fault);
    String where = fault + " at operation " + number + ", " + operation;
    try {
      for (int life = 1; ; life++) {
        try {
          scenario.run();
          break;
        } catch (Crash | IOException e) {
          assertThat(life).as(where).isLessThanOrEqualTo(MAX_RESTARTS);
          assertIsExpected(e, fault);
          boolean commits = operation.startsWith("publish versions/") && !operation.contains("1.");
          boolean answerLost = fault == LOSE_ANSWER_BEFORE || fault == LOSE_ANSWER_AFTER;
          assertThat(commits && answerLost).as("the committer settles this itself").isFalse();
          scenario.storage.restart();
          assertShowsItsVersions(scenario.disk, scenario.editOfCommit);
          scenario.othersGoOn();
        }
      }
      scenario.othersGoOn();
      assertShowsItsVersions(scenario.disk, scenario.editOfCommit);
      assertThat(commits(scenario.disk))
          .containsExactlyInAnyOrderElementsOf(scenario.editOfCommit.keySet());
      assertThat(IndexVerifier.verify(scenario.disk).problems()).isEmpty();
    } catch (IOException | RuntimeException | AssertionError e) {
      fail(where, e);
    }
  }

  private static void assertIsExpected(Throwable thrown, Fault fault) {
    switch (fault) {
      case CRASH_BEFORE, CRASH_AFTER -> assertThat(thrown).isInstanceOf(Crash.class);
      case FAIL_ONCE, LOSE_ANSWER_AFTER, LOSE_ANSWER_BEFORE ->
          assertThat(thrown)
              .isInstanceOf(IOException.class)
              .hasMessageMatching("(fault at|no answer to) operation .*");
      case FLIP_BIT_IN_READ, CUT_READ_SHORT ->
          assertThat(thrown).isInstanceOf(DamagedFileException.class);
    }
  }

  /** The index shows what its versions' commits say, each applied once, and nothing else. */
  private static void assertShowsItsVersions(Storage disk, Map<String, Edit> editOfCommit)
      throws IOException {
    if (new SnapshotLog(disk).newestVersion() == 0) {
      assertThatThrownBy(() -> IndexReader.open(disk)).isInstanceOf(NotAnIndexException.class);
      return;
    }
    Map<Long, Feature> expected = new HashMap<>();
    expected.put(1L, feature(1, 1f, 1));
    expected.put(2L, feature(2, 2f, 1));
    for (String commit : commits(disk)) {
      Edit edit = editOfCommit.get(commit);
      edit.values()
          .forEach(
              (id, value) -> {
                Feature old = expected.get(id);
                if (old == null || edit.order() >= old.order()) {
                  expected.put(id, feature(id, value, edit.order()));
                }
              });
    }
    expected.values().removeIf(Feature::deleted);
    Map<Long, Float> values = new HashMap<>();
    expected.forEach((id, feature) -> values.put(id, feature.vector()[0]));
    assertThat(values(IndexReader.open(disk).view())).isEqualTo(values);
  }

  private static Map<Long, Float> values(IndexView view) {
    Map<Long, Float> values = new HashMap<>();
    view.forEachLive(f -> values.put((Long) f.id().toObject(), f.vector()[0]));
    return values;
  }

  /** The commits of all versions but the first, which are all there and all different. */
  private static List<String> commits(Storage disk) throws IOException {
    SnapshotLog log = new SnapshotLog(disk);
    List<String> commits = new ArrayList<>();
    long newest = log.newestVersion();
    for (long version = 2; version <= newest; version++) {
      commits.add(log.read(version).commitId());
    }
    Set<String> distinct = new HashSet<>(commits);
    assertThat(commits).hasSize(distinct.size());
    return commits;
  }

  /**
   * @param writer which of two writers makes the edit
   * @param faultAfter how many operations later that writer is struck
   */
  private record Step(int writer, Edit edit, int faultAfter, Fault fault) {}

  @Provide
  Arbitrary<List<Step>> steps() {
    Arbitrary<Edit> edits =
        Combinators.combine(
                Arbitraries.longs().between(2, 5),
                Arbitraries.maps(
                        Arbitraries.longs().between(1, 6),
                        Arbitraries.floats().between(-3, 3).injectNull(0.3))
                    .ofMinSize(1)
                    .ofMaxSize(4))
            .as(Edit::new);
    return Combinators.combine(
            Arbitraries.integers().between(0, 1),
            edits,
            Arbitraries.integers().between(1, 250),
            Arbitraries.of(Fault.values()))
        .as(Step::new)
        .list()
        .ofMinSize(1)
        .ofMaxSize(8);
  }

  /** Two writers in turn, each struck again and again, each carrying on some time later. */
  @Property(tries = 150)
  void anySequenceOfFaultsLosesNothingAndDoublesNothing(@ForAll("steps") List<Step> steps)
      throws IOException {
    MemoryStorage disk = new MemoryStorage();
    create(disk);
    Map<String, Edit> editOfCommit = new HashMap<>();
    List<FaultyStorage> storages = new ArrayList<>();
    List<Writer> writers = new ArrayList<>();
    for (int w = 0; w < 2; w++) {
      FaultyStorage storage = new FaultyStorage(disk);
      storages.add(storage);
      writers.add(new Writer(storage, new ArrayList<>(), w == 0, editOfCommit));
    }
    for (Step step : steps) {
      Writer writer = writers.get(step.writer());
      FaultyStorage storage = storages.get(step.writer());
      storage.restart();
      storage.failAt(storage.operations().size() + step.faultAfter(), step.fault());
      writer.edits.add(step.edit());
      try {
        writer.run();
      } catch (Crash | IOException e) {
        assertIsExpected(e, step.fault());
      }
      assertShowsItsVersions(disk, editOfCommit);
    }
    for (int w = 0; w < 2; w++) {
      storages.get(w).restart();
      storages.get(w).failAt(0, Fault.FAIL_ONCE);
      writers.get(w).run();
    }
    assertShowsItsVersions(disk, editOfCommit);
    assertThat(commits(disk)).hasSize(steps.size());
    assertThat(IndexVerifier.verify(disk).problems()).isEmpty();
  }
}
