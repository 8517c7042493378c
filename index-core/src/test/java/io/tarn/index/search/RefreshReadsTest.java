package io.tarn.index.search;

import static io.tarn.index.search.TestIndexes.feature;
import static org.assertj.core.api.Assertions.assertThat;

import io.tarn.index.centroid.Model;
import io.tarn.index.commit.Committer;
import io.tarn.index.commit.SnapshotLog;
import io.tarn.index.feature.Feature;
import io.tarn.index.feature.IdType;
import io.tarn.index.feature.Metric;
import io.tarn.index.feature.Schema;
import io.tarn.index.maintain.Maintenance;
import io.tarn.index.maintain.SplitSettings;
import io.tarn.index.quantize.Quantizer;
import io.tarn.index.snapshot.Change;
import io.tarn.index.snapshot.SegmentRef;
import io.tarn.index.snapshot.Snapshot;
import io.tarn.index.storage.FaultyStorage;
import io.tarn.index.storage.MemoryStorage;
import io.tarn.index.storage.Storage;
import io.tarn.index.write.ModelReassigner;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.SplittableRandom;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** What a refresh reads: told by the operations on the storage. */
class RefreshReadsTest {
  private static final int DIMENSION = 16;
  private static final int LISTS = 12;

  private final SplittableRandom random = new SplittableRandom(4);
  private final Schema schema = new Schema(IdType.INT64, DIMENSION, Metric.L2, List.of());
  private final MemoryStorage storage = new MemoryStorage();
  private final float[][] centroids = new float[LISTS][DIMENSION];
  private long nextId;

  /** A segment in lists 0 to 2, and one in each of some others; segments lie apart in lists. */
  @BeforeEach
  void createIndex() throws Exception {
    float[] all = new float[LISTS * DIMENSION];
    for (int list = 0; list < LISTS; list++) {
      for (int i = 0; i < DIMENSION; i++) {
        centroids[list][i] = (float) random.nextDouble(-10, 10);
      }
      System.arraycopy(centroids[list], 0, all, list * DIMENSION, DIMENSION);
    }
    List<Feature> rows = new ArrayList<>();
    for (int list = 0; list < 3; list++) {
      rows.addAll(rowsOf(list, 60));
    }
    Model model = Model.of(Metric.L2, DIMENSION, all, Quantizer.byDefault());
    TestIndexes.create(storage, schema, model, rows);
    for (int list = 3; list < 6; list++) {
      List<Feature> added = rowsOf(list, 40);
      added.addAll(rowsOf(list + 5, 3));
      TestIndexes.append(storage, added);
    }
  }

  private List<Feature> rowsOf(int list, int count) {
    List<Feature> rows = new ArrayList<>();
    for (int i = 0; i < count; i++) {
      rows.add(feature(schema, nextId++, near(list), 1));
    }
    return rows;
  }

  private float[] near(int list) {
    float[] vector = centroids[list].clone();
    for (int i = 0; i < DIMENSION; i++) {
      vector[i] += (float) random.nextDouble(-1, 1);
    }
    return vector;
  }

  private enum Upkeep {
    SPLIT,
    DISSOLVE,
    APPEND_AND_SPLIT
  }

  private void perform(Upkeep upkeep) throws Exception {
    SnapshotLog log = new SnapshotLog(storage);
    Maintenance maintenance = new Maintenance(storage, log.newest(), Maintenance.KEEP_ALL_DELETES);
    if (upkeep == Upkeep.APPEND_AND_SPLIT) {
      // Assigned anew when the split is committed.
      TestIndexes.append(storage, rowsOf(7, 10));
    }
    Change change =
        upkeep == Upkeep.DISSOLVE
            ? maintenance.dissolve(List.of(1)).orElseThrow()
            : maintenance
                .split(List.of(1), new SplitSettings(0, 10, 4, 1.0 / 16, 1, 0, 0))
                .orElseThrow();
    new Committer(log, new ModelReassigner(storage)).commit(change);
  }

  @ParameterizedTest
  @EnumSource(Upkeep.class)
  void aNewModelLeavesSegmentsInMemoryThatItDoesNotConcern(Upkeep upkeep) throws Exception {
    FaultyStorage counted = new FaultyStorage(storage);
    IndexReader reader = IndexReader.open(counted);
    Snapshot before = reader.view().snapshot();
    perform(upkeep);
    int operations = counted.operations().size();

    assertThat(reader.refresh()).isTrue();

    Snapshot after = reader.view().snapshot();
    assertThat(after.model()).isNotEqualTo(before.model());
    Set<String> kept = paths(before);
    kept.retainAll(paths(after));
    assertThat(kept).hasSizeGreaterThanOrEqualTo(3);
    List<String> read =
        counted.operations().subList(operations, counted.operations().size()).stream()
            .map(operation -> operation.substring(operation.indexOf(' ') + 1))
            .filter(path -> path.startsWith("segments/"))
            .distinct()
            .toList();
    Set<String> added = paths(after);
    added.removeAll(kept);
    assertThat(read).containsExactlyInAnyOrderElementsOf(added);
    assertAnswersAsAfresh(reader.view(), storage);
  }

  private static Set<String> paths(Snapshot snapshot) {
    Set<String> paths = new HashSet<>();
    snapshot.segments().stream().map(SegmentRef::path).forEach(paths::add);
    return paths;
  }

  private void assertAnswersAsAfresh(IndexView view, Storage storage) throws Exception {
    IndexView fresh = IndexReader.open(storage).view();
    assertThat(view.liveRowsByList()).isEqualTo(fresh.liveRowsByList());
    assertThat(view.rowsByList()).isEqualTo(fresh.rowsByList());
    for (int q = 0; q < 3 * LISTS; q++) {
      float[] query = near(q % LISTS);
      List<Hit> exact = fresh.search(query, 10, Probe.exact()).hits();
      assertThat(view.search(query, 10, Probe.exact()).hits()).isEqualTo(exact);
      // All lists by their codes: laid out before, and looked at under another model.
      SearchResult coded = view.search(query, 10, Probe.nearest(view.model().listCount()));
      assertThat(coded.hits()).isEqualTo(exact);
      assertThat(coded.effort().rowsReranked()).isLessThan(view.liveRowCount() / 2);
    }
  }
}
