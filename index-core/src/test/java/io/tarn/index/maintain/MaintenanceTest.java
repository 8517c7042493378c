package io.tarn.index.maintain;

import static io.tarn.index.maintain.MaintainedIndex.at;
import static io.tarn.index.maintain.MaintainedIndex.delete;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.tarn.index.centroid.Model;
import io.tarn.index.commit.CommitConflictException;
import io.tarn.index.commit.Committer;
import io.tarn.index.commit.SnapshotLog;
import io.tarn.index.feature.Feature;
import io.tarn.index.feature.FeatureId;
import io.tarn.index.feature.Metric;
import io.tarn.index.format.ModelFile;
import io.tarn.index.segment.Segment;
import io.tarn.index.snapshot.CalibrationPoint;
import io.tarn.index.snapshot.Change;
import io.tarn.index.snapshot.Drift;
import io.tarn.index.snapshot.History;
import io.tarn.index.snapshot.ModelRef;
import io.tarn.index.snapshot.SegmentRef;
import io.tarn.index.snapshot.Snapshot;
import io.tarn.index.snapshot.Upkeep;
import io.tarn.index.storage.FaultyStorage;
import io.tarn.index.verify.IndexVerifier;
import io.tarn.index.write.ModelReassigner;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;

/** Each function by itself, on rows few enough to say where they go. */
class MaintenanceTest {

  @Test
  void aMergeDropsWhatIsSupersededAnywhere() throws IOException {
    MaintainedIndex index = MaintainedIndex.of(0, 10);
    index.append(at(1, 1, 1), at(2, 2, 1), at(3, 11, 1));
    index.append(at(2, 12, 2), delete(3, 2));
    index.append(at(1, 9, 2));
    Map<Long, Float> before = index.values();

    Change merge = index.maintenance().merge(index.paths().subList(0, 2)).orElseThrow();
    Snapshot merged = index.commit(merge);

    assertThat(merged.operation()).isEqualTo("merge");
    assertThat(merged.segments()).extracting(SegmentRef::sequence).containsExactly(3L, 4L);
    assertThat(merged.segments().get(0).rows()).as("only 2 as of order 2").isEqualTo(1);
    assertThat(merged.segments().get(0).deletes()).as("that of 3").isEqualTo(1);
    assertThat(index.values()).isEqualTo(before).isEqualTo(Map.of(1L, 9f, 2L, 12f));
    assertThat(IndexVerifier.verify(index.storage).problems()).isEmpty();
  }

  @Test
  void rowsOfAMergeAreSortedByList() throws IOException {
    MaintainedIndex index = MaintainedIndex.of(0, 10, 20);
    index.append(at(1, 21, 1), at(2, 1, 1), delete(8, 1));
    index.append(at(3, 11, 1), at(4, 2, 1), delete(9, 1));
    index.append(at(5, 19, 1), at(6, 9, 1));

    index.commit(index.maintenance().merge(index.paths()).orElseThrow());

    assertThat(index.segments()).hasSize(1);
    assertThat(index.segments().get(0).lists().toArray()).containsExactly(-1, -1, 0, 0, 1, 1, 2, 2);
    assertThat(index.values().keySet()).containsExactly(1L, 2L, 3L, 4L, 5L, 6L);
    assertThat(IndexVerifier.verify(index.storage).problems()).isEmpty();
  }

  /** The merged row of sequence 2 must not overtake that of sequence 3. */
  @Test
  void aRowOfTheSameOrderInBetweenStillWins() throws IOException {
    MaintainedIndex index = MaintainedIndex.of(0);
    index.append(at(1, 2, 7));
    index.append(at(1, 3, 7));
    index.append(at(2, 4, 7));
    List<String> paths = index.paths();

    index.commit(index.maintenance().merge(List.of(paths.get(0), paths.get(2))).orElseThrow());

    assertThat(index.values()).isEqualTo(Map.of(1L, 3f, 2L, 4f));
  }

  /** As two partitions of a topic can bring it: one id, order and offset in two segments. */
  @Test
  void segmentsOfWhichThePathDecidesAreMergedTogether() throws IOException {
    for (int attempt = 0; attempt < 20; attempt++) {
      MaintainedIndex index = MaintainedIndex.of(0);
      index.commit(index.appending(index.write(at(1, 1, 5, 0)), index.write(at(1, 2, 5, 0))));
      index.append(at(2, 3, 5));
      Map<Long, Float> before = index.values();
      String one = index.paths().get(attempt % 2);

      index.commit(index.maintenance().merge(List.of(one, index.paths().get(2))).orElseThrow());

      assertThat(index.values()).isEqualTo(before);
      assertThat(index.rows()).isEqualTo(2);
    }
  }

  /** The two rows lie in different lists; a split or a new model touches only one of them. */
  @Test
  void segmentsOfWhichThePathDecidesAreDividedTogether() throws IOException {
    for (int attempt = 0; attempt < 20; attempt++) {
      MaintainedIndex index = MaintainedIndex.of(0, 20);
      index.commit(
          index.appending(
              index.write(at(1, 0, 5, 0)),
              index.write(at(1, 20, 5, 0), at(2, 21, 1), at(3, 29, 1), at(4, 30, 1))));
      Map<Long, Float> before = index.values();
      SplitSettings settings = new SplitSettings(attempt % 2, 10, 4, 0.1, 1, 0, 0);

      index.commit(index.maintenance().split(List.of(1), settings).orElseThrow());

      assertThat(index.values()).isEqualTo(before);
      assertThat(index.rows()).isEqualTo(4);
    }
  }

  @Test
  void segmentsOfWhichThePathDecidesAreReassignedTogether() throws IOException {
    for (int attempt = 0; attempt < 20; attempt++) {
      MaintainedIndex index = MaintainedIndex.of(0, 20);
      Change dissolve = index.maintenance().dissolve(List.of(1)).orElseThrow();
      index.commit(index.appending(index.write(at(1, 0, 5, 0)), index.write(at(1, 20, 5, 0))));
      Map<Long, Float> before = index.values();

      index.commit(dissolve);

      assertThat(index.values()).isEqualTo(before);
      assertThat(index.rows()).isEqualTo(1);
    }
  }

  @Test
  void aSingleSegmentIsMergedOnlyIfThatDropsRows() throws IOException {
    MaintainedIndex index = MaintainedIndex.of(0);
    index.append(at(1, 1, 1), at(2, 2, 1));

    assertThat(index.maintenance().merge(index.paths())).isEmpty();
    assertThat(index.maintenance().merge(List.of())).isEmpty();
    index.append(at(1, 5, 2));
    Change merge = index.maintenance().merge(index.paths().subList(0, 1)).orElseThrow();
    assertThat(index.commit(merge).segments()).extracting(SegmentRef::rows).containsExactly(1L, 1L);
  }

  @Test
  void segmentsWithoutAnyRowOfUseGoAltogether() throws IOException {
    MaintainedIndex index = MaintainedIndex.of(0);
    index.append(at(1, 1, 1));
    index.append(at(1, 2, 1));
    String older = index.paths().get(0);

    Change change = index.maintenance().merge(List.of(older)).orElseThrow();
    Snapshot after = index.commit(change);

    assertThat(after.segments()).hasSize(1);
    assertThat(index.values()).isEqualTo(Map.of(1L, 2f));
    index.append(at(2, 2, 1));
    assertThat(index.commit(change)).as("replayed much later").isEqualTo(after);
  }

  @Test
  void anOldDeleteIsForgottenWhenNothingIsLeftToDelete() throws IOException {
    MaintainedIndex index = MaintainedIndex.of(0);
    index.append(at(1, 1, 1), at(2, 2, 1));
    index.append(delete(1, 2), delete(2, 9), at(3, 3, 3));
    index.append(at(4, 4, 9));
    List<String> paths = index.paths();

    Change ofBoth = index.forgetting(5).merge(paths.subList(0, 2)).orElseThrow();
    Change ofTheDeletes = index.forgetting(5).merge(paths.subList(1, 3)).orElseThrow();

    assertThat(ofTheDeletes.added().get(0).deletes()).as("older rows remain").isEqualTo(2);
    assertThat(ofBoth.added().get(0).deletes()).as("that of order 9").isEqualTo(1);
    assertThat(index.commit(ofBoth).segments().get(0).rows()).isEqualTo(1);
    assertThat(index.values().keySet()).containsExactly(3L, 4L);
  }

  @Test
  void aMergeThatForgetsADeleteIsRefusedBesideALateRow() throws IOException {
    MaintainedIndex index = MaintainedIndex.of(0);
    index.append(at(1, 1, 1));
    index.append(delete(1, 4), at(3, 3, 3));
    Change forgetting = index.forgetting(5).merge(index.paths()).orElseThrow();
    Change remembering = index.maintenance().merge(index.paths()).orElseThrow();
    index.append(at(1, 11, 2));

    assertThatThrownBy(() -> index.commit(forgetting))
        .isInstanceOf(CommitConflictException.class)
        .hasMessageContaining("order 4");
    index.commit(remembering);
    assertThat(index.values().keySet()).containsExactly(3L);
  }

  @Test
  void youngRowsDoNotKeepAMergeFromForgetting() throws IOException {
    MaintainedIndex index = MaintainedIndex.of(0);
    index.append(at(1, 1, 1));
    index.append(delete(1, 4), at(3, 3, 3));
    Change forgetting = index.forgetting(5).merge(index.paths()).orElseThrow();
    index.append(at(4, 4, 4));

    index.commit(forgetting);

    assertThat(index.values().keySet()).containsExactly(3L, 4L);
    assertThat(index.log.newest().segments()).extracting(SegmentRef::deletes).containsOnly(0L);
  }

  @Test
  void onlySegmentsWithDeadRowsOfTheListAreRewritten() throws IOException {
    MaintainedIndex index = MaintainedIndex.of(0, 10);
    index.append(at(1, 1, 1), at(2, 10, 1));
    index.append(at(3, 9, 1));
    index.append(at(4, 2, 1));
    index.append(at(1, 3, 2), at(3, 8, 2));
    List<String> before = index.paths();

    Change change = index.maintenance().rewriteLists(List.of(0)).orElseThrow();
    index.commit(change);

    assertThat(change.removed()).containsExactly(before.get(0));
    assertThat(index.paths()).containsAll(before.subList(1, 4)).hasSize(4);
    assertThat(index.log.newest().segments().get(0).sequence()).isEqualTo(2);
    assertThat(index.rows()).isEqualTo(5);
    assertThat(index.maintenance().rewriteLists(List.of(0))).isEmpty();
    index.commit(index.maintenance().rewriteSegments(index.paths()).orElseThrow());
    assertThat(index.rows()).isEqualTo(4);
    assertThat(index.maintenance().rewriteSegments(index.paths())).isEmpty();
    assertThat(index.values()).isEqualTo(Map.of(1L, 3f, 2L, 10f, 3L, 8f, 4L, 2f));
  }

  /** Lists at 0 and 10; the rows of list 1 are around 8 and 20, one of list 0 is near to 8. */
  private static MaintainedIndex unbalanced() throws IOException {
    MaintainedIndex index = MaintainedIndex.of(0, 14);
    index.append(at(1, 0, 1), at(2, 1, 1), at(3, 6.5f, 1));
    index.append(at(4, 8, 1), at(5, 9, 1), at(6, 7.5f, 1));
    index.append(at(7, 20, 1), at(8, 21, 1), at(9, 19, 1));
    assertThat(index.view().liveRowsByList()).containsExactly(3, 6);
    return index;
  }

  @Test
  void aSplitMakesTwoListsAndRowsMoveToTheNearest() throws IOException {
    MaintainedIndex index = unbalanced();
    String untouched = index.paths().get(2);

    Change split = index.maintenance().split(List.of(1), SplitSettings.defaults()).orElseThrow();
    Snapshot after = index.commit(split);

    assertThat(after.operation()).isEqualTo("split");
    assertThat(after.model().lists()).isEqualTo(3);
    assertThat(after.model()).isEqualTo(split.newModel().orElseThrow());
    assertThat(index.model().listIds()).containsExactly(0, 2, 3);
    assertThat(index.model().nextListId()).isEqualTo(4);
    int low = index.lists().get(4L);
    int high = 5 - low;
    assertThat(index.lists())
        .isEqualTo(
            Map.of(1L, 0, 2L, 0, 3L, low, 4L, low, 5L, low, 6L, low, 7L, high, 8L, high, 9L, high));
    assertThat(index.values()).hasSize(9);
    assertThat(index.paths()).as("all rows had to move").doesNotContain(untouched);
    assertThat(after.segments()).extracting(SegmentRef::sequence).containsExactly(2L, 3L, 4L);
    assertThat(IndexVerifier.verify(index.storage).problems()).isEmpty();
  }

  @Test
  void rowsOfASplitListGoToANeighbourThatIsNearer() throws IOException {
    MaintainedIndex index = MaintainedIndex.of(0, 10);
    index.append(at(1, 5.1f, 1), at(2, 14, 1), at(3, 15, 1), at(4, 16, 1), at(5, 26, 1));
    index.append(at(6, 27, 1), at(7, 28, 1));

    index.commit(index.maintenance().split(List.of(1), SplitSettings.defaults()).orElseThrow());

    assertThat(index.lists().get(1L)).isZero();
    assertThat(index.view().liveRowsByList()).containsExactly(1, 3, 3);
  }

  @Test
  void segmentsWithoutRowsThatMoveStay() throws IOException {
    MaintainedIndex index = unbalanced();
    index.append(at(10, -3, 1));
    index.append(at(11, 0, 1), at(12, 1, 1));
    List<String> before = index.paths();

    index.commit(index.maintenance().split(List.of(1), SplitSettings.defaults()).orElseThrow());

    assertThat(index.paths()).containsAll(before.subList(3, 5));
    assertThat(index.paths()).doesNotContainAnyElementsOf(before.subList(0, 3));
  }

  @Test
  void withoutNeighboursOnlyTheListItselfIsDivided() throws IOException {
    MaintainedIndex index = unbalanced();
    SplitSettings settings = new SplitSettings(0, 10, 4, 0.1, 1, 0, 0);

    index.commit(index.maintenance().split(List.of(1), settings).orElseThrow());

    assertThat(index.lists().get(3L)).isZero();
    assertThat(index.view().liveRowsByList()).containsExactly(3, 3, 3);
  }

  @Test
  void aSplitIsTheSameEveryTime() throws IOException {
    float[] first = null;
    for (int i = 0; i < 3; i++) {
      MaintainedIndex index = unbalanced();
      index.commit(index.maintenance().split(List.of(1), SplitSettings.defaults()).orElseThrow());
      first = first == null ? index.model().centroids() : first;
      assertThat(index.model().centroids()).isEqualTo(first);
    }
  }

  @Test
  void whatDoesNotFallIntoTwoPartsIsNotSplit() throws IOException {
    MaintainedIndex index = MaintainedIndex.of(0, 10);
    index.append(at(1, 9, 1), at(2, 9, 1), at(3, 9, 1), at(4, 0, 1));

    assertThat(index.maintenance().split(List.of(0), SplitSettings.defaults())).isEmpty();
    assertThat(index.maintenance().split(List.of(1), SplitSettings.defaults())).isEmpty();
    assertThat(index.maintenance().split(List.of(), SplitSettings.defaults())).isEmpty();
    assertThatThrownBy(() -> index.maintenance().split(List.of(7), SplitSettings.defaults()))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("list 7");
  }

  @Test
  void deadRowsDoNotCountInASplit() throws IOException {
    MaintainedIndex index = MaintainedIndex.of(0);
    index.append(at(1, 0, 1), at(2, 1, 1), at(3, 100, 1), at(4, 101, 1));
    index.append(at(3, 2, 2), delete(4, 2), at(5, 3, 1));

    index.commit(index.maintenance().split(List.of(0), SplitSettings.defaults()).orElseThrow());

    assertThat(index.view().liveRowsByList()).containsExactlyInAnyOrder(2, 2);
    assertThat(index.rows()).as("4 live rows and a delete").isEqualTo(5);
  }

  @Test
  void aCrowdedListIsDividedIntoAsManyAsItHasRowsFor() throws IOException {
    MaintainedIndex index = MaintainedIndex.of(0);
    Feature[] rows = new Feature[64];
    for (int i = 0; i < rows.length; i++) {
      rows[i] = at(i, i % 4 * 100 + i / 4, 1);
    }
    index.append(rows);
    Change split =
        index.maintenance().split(List.of(0), SplitSettings.intoPartsOf(16)).orElseThrow();

    index.commit(split);

    assertThat(index.view().liveRowsByList()).containsExactly(16, 16, 16, 16);
  }

  @Test
  void listsAroundOneThatIsSplitMoveToWhereTheirRowsAre() throws IOException {
    MaintainedIndex index = MaintainedIndex.of(0, 100);
    Feature[] rows = new Feature[50];
    for (int i = 0; i < rows.length; i++) {
      rows[i] = at(i, i < 20 ? i : i < 40 ? 20 + i : 100 + i, 1);
    }
    index.append(rows);
    Map<Long, Float> values = index.values();
    Change split =
        index.maintenance().split(List.of(0), SplitSettings.intoPartsOf(20)).orElseThrow();

    index.commit(split);

    float[] centroids = index.model().centroids();
    Arrays.sort(centroids);
    assertThat(centroids).containsExactly(9.5f, 49.5f, 144.5f);
    assertThat(index.model().listIds()).as("numbers are not used again").containsExactly(2, 3, 4);
    assertThat(index.view().liveRowsByList()).containsExactlyInAnyOrder(20, 20, 10);
    assertThat(index.values()).isEqualTo(values);
  }

  @Test
  void rowsAroundListsThatMoveAlongMoveToo() throws IOException {
    MaintainedIndex index = MaintainedIndex.of(0, 100, 130);
    Feature[] rows = new Feature[50];
    for (int i = 0; i < rows.length; i++) {
      rows[i] = at(i, i < 40 ? i % 2 * 20 : 114, 1);
    }
    index.append(rows);
    // In a segment that has rows neither of the list that is split nor of the one beside it.
    index.append(at(50, 116, 1), at(51, 131, 1));
    assertThat(index.lists()).containsEntry(50L, 2);
    SplitSettings oneBeside = new SplitSettings(1, 10, 4, 1.0 / 16, 1, 20, 3);

    index.commit(index.maintenance().split(List.of(0), oneBeside).orElseThrow());

    assertThat(index.lists()).containsEntry(50L, index.lists().get(49L)).containsEntry(51L, 2);
  }

  @Test
  void severalListsAreSplitInOneChange() throws IOException {
    MaintainedIndex index = MaintainedIndex.of(0, 100);
    index.append(at(1, 0, 1), at(2, 1, 1), at(3, 10, 1), at(4, 11, 1));
    index.append(at(5, 100, 1), at(6, 101, 1), at(7, 110, 1), at(8, 111, 1));

    index.commit(index.maintenance().split(List.of(0, 1), SplitSettings.defaults()).orElseThrow());

    assertThat(index.model().listIds()).containsExactly(2, 3, 4, 5);
    assertThat(index.view().liveRowsByList()).containsExactly(2, 2, 2, 2);
    assertThat(index.log.newestVersion()).isEqualTo(4);
  }

  /** Three hundred lists in a row: none of the three is in the reach of another. */
  @Test
  void listsFarFromTheOneThatIsSplitMoveOrGoAlongWithIt() throws IOException {
    float[] centroids = new float[300];
    for (int list = 0; list < centroids.length; list++) {
      centroids[list] = 100 * list;
    }
    MaintainedIndex index = MaintainedIndex.of(centroids);
    index.append(at(1, 0, 1), at(2, 1, 1), at(3, 40, 1), at(4, 41, 1));
    index.append(at(5, 15_010, 1), at(6, 15_030, 1));
    index.append(at(7, 29_870, 1));

    MaintenanceTask all =
        new MaintenanceTask.Split(List.of(0), List.of(150), List.of(299), 2, "for a test");
    index.commit(index.maintenance().perform(all).orElseThrow());

    assertThat(index.model().listIds()).doesNotContain(0, 150, 299);
    int moved = index.lists().get(5L);
    assertThat(index.model().centroid(moved)).containsExactly(15_020);
    assertThat(index.lists()).containsEntry(6L, moved);
    assertThat(index.model().centroid(index.lists().get(7L))).containsExactly(29_870);
    assertThat(index.view().liveRowCount()).isEqualTo(7);
    assertThat(IndexVerifier.verify(index.storage).problems()).isEmpty();
  }

  @Test
  void theRowsOfADissolvedListGoToTheNextNearest() throws IOException {
    MaintainedIndex index = MaintainedIndex.of(0, 10, 20);
    index.append(at(1, 1, 1), at(2, 9, 1), at(3, 14, 1), at(4, 21, 1));
    index.append(at(5, 6, 1), delete(6, 1));
    index.append(at(7, 0, 1));
    String untouched = index.paths().get(2);

    Snapshot after = index.commit(index.maintenance().dissolve(List.of(1)).orElseThrow());

    assertThat(after.operation()).isEqualTo("dissolve");
    assertThat(index.model().listIds()).containsExactly(0, 2);
    assertThat(index.lists()).isEqualTo(Map.of(1L, 0, 2L, 0, 3L, 2, 4L, 2, 5L, 0, 7L, 0));
    assertThat(index.paths()).contains(untouched);
    assertThat(index.rows()).isEqualTo(7);
    assertThat(IndexVerifier.verify(index.storage).problems()).isEmpty();
  }

  @Test
  void theLastListsStay() throws IOException {
    MaintainedIndex index = MaintainedIndex.of(0, 10);

    assertThatThrownBy(() -> index.maintenance().dissolve(List.of(0, 1)))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("at least one list");
    assertThat(index.maintenance().dissolve(List.of())).isEmpty();
  }

  @Test
  void anEmptyListIsDissolvedOnce() throws IOException {
    MaintainedIndex index = MaintainedIndex.of(0, 10);
    Change dissolve = index.maintenance().dissolve(List.of(1)).orElseThrow();
    Snapshot after = index.commit(dissolve);
    index.append(at(1, 1, 1));

    assertThat(index.commit(dissolve)).isEqualTo(after);
    assertThat(index.model().listIds()).containsExactly(0);
  }

  @Test
  void listNumbersAreNeverUsedAgain() throws IOException {
    MaintainedIndex index = unbalanced();
    index.commit(index.maintenance().split(List.of(1), SplitSettings.defaults()).orElseThrow());
    index.commit(index.maintenance().dissolve(List.of(3)).orElseThrow());
    assertThat(index.model().listIds()).containsExactly(0, 2);

    index.commit(index.maintenance().split(List.of(2), SplitSettings.defaults()).orElseThrow());

    assertThat(index.model().listIds()).containsExactly(0, 4, 5);
    assertThat(index.model().nextListId()).isEqualTo(6);
    assertThat(IndexVerifier.verify(index.storage).problems()).isEmpty();
  }

  @Test
  void rowsCommittedBeforeANewModelAreReassignedWithIt() throws IOException {
    MaintainedIndex index = unbalanced();
    Change split = index.maintenance().split(List.of(1), SplitSettings.defaults()).orElseThrow();
    Feature deleted = Feature.delete(FeatureId.of(1L), 2, 1);
    index.append(at(20, 20, 2), at(21, 8, 2), at(22, 0, 2), deleted);

    Snapshot after = index.commit(split);

    assertThat(after.segments()).extracting(SegmentRef::sequence).containsExactly(2L, 3L, 4L, 5L);
    int low = index.lists().get(4L);
    assertThat(index.lists())
        .containsEntry(20L, 5 - low)
        .containsEntry(21L, low)
        .containsEntry(22L, 0);
    assertThat(index.values()).hasSize(11).doesNotContainKey(1L);
    assertThat(index.commit(split)).as("once more").isEqualTo(after);
    assertThat(IndexVerifier.verify(index.storage).problems()).isEmpty();
  }

  /** However fast others commit, each attempt has only the newest of their rows to assign. */
  @Test
  void whatWasReassignedForOneAttemptServesTheNext() throws IOException {
    MaintainedIndex index = unbalanced();
    Change split = index.maintenance().split(List.of(1), SplitSettings.defaults()).orElseThrow();
    FaultyStorage interrupted = new FaultyStorage(index.storage);
    for (int i = 0; i < 3; i++) {
      Feature row = at(20 + i, 20, 2);
      long version = index.log.newestVersion() + 1 + i;
      interrupted.beforePublishing(SnapshotLog.path(version), () -> index.append(row));
    }
    List<SegmentRef> reassigned = new ArrayList<>();
    ModelReassigner reassigner = new ModelReassigner(interrupted);

    Snapshot after =
        new Committer(
                new SnapshotLog(interrupted),
                (segments, snapshot) -> {
                  reassigned.addAll(segments);
                  return reassigner.reassign(segments, snapshot);
                })
            .commit(split);

    assertThat(after.version()).isEqualTo(8);
    assertThat(reassigned).extracting(SegmentRef::sequence).containsExactly(5L, 6L, 7L);
    assertThat(index.values()).hasSize(12);
    assertThat(IndexVerifier.verify(index.storage).problems()).isEmpty();
  }

  /** A writer that started before the split and never looks again. */
  @Test
  void rowsOfTheOldModelAreTakenAfterASplit() throws IOException {
    MaintainedIndex index = unbalanced();
    List<Change> stream = new ArrayList<>();
    for (int i = 0; i < 3; i++) {
      stream.add(index.appending(index.write(at(20 + i, 20, 2), at(30 + i, 8, 2))));
    }
    index.commit(index.maintenance().split(List.of(1), SplitSettings.defaults()).orElseThrow());

    for (Change change : stream) {
      index.commit(change);
    }

    int low = index.lists().get(4L);
    assertThat(index.lists()).containsEntry(22L, 5 - low).containsEntry(31L, low);
    assertThat(index.values()).hasSize(15);
    assertThat(IndexVerifier.verify(index.storage).problems()).isEmpty();
  }

  @Test
  void aMergeMadeBeforeASplitKeepsItsSequence() throws IOException {
    MaintainedIndex index = unbalanced();
    index.append(at(10, -3, 1));
    index.append(at(11, -2, 1));
    Change merge = index.maintenance().merge(index.paths().subList(3, 5)).orElseThrow();
    index.append(at(10, -4, 1));
    index.commit(index.maintenance().split(List.of(1), SplitSettings.defaults()).orElseThrow());

    Snapshot after = index.commit(merge);

    assertThat(after.segments())
        .extracting(SegmentRef::sequence)
        .containsExactly(2L, 3L, 4L, 6L, 7L);
    assertThat(index.values()).containsEntry(10L, -4f);
    assertThat(IndexVerifier.verify(index.storage).problems()).isEmpty();
  }

  @Test
  void ofTwoNewModelsMadeFromOneOnlyTheFirstIsTaken() throws IOException {
    MaintainedIndex index = MaintainedIndex.of(0, 10, 20);
    index.append(at(1, 0, 1));
    Change one = index.maintenance().dissolve(List.of(1)).orElseThrow();
    Change other = index.maintenance().dissolve(List.of(2)).orElseThrow();
    Snapshot after = index.commit(one);

    assertThatThrownBy(() -> index.commit(other))
        .isInstanceOf(CommitConflictException.class)
        .hasMessageContaining("model");
    assertThat(index.log.newest()).isEqualTo(after);
  }

  @Test
  void changesThatReplaceTheSameSegmentsExcludeEachOther() throws IOException {
    MaintainedIndex index = unbalanced();
    Change merge = index.maintenance().merge(index.paths()).orElseThrow();
    Change split = index.maintenance().split(List.of(1), SplitSettings.defaults()).orElseThrow();
    index.commit(merge);

    assertThatThrownBy(() -> index.commit(split))
        .isInstanceOf(CommitConflictException.class)
        .hasMessageContaining("no longer has the segments");
    assertThat(index.values()).hasSize(9);
  }

  /** Whoever commits it again need not be who did before, and its segments may be merged away. */
  @Test
  void aChangeIsRecognisedThoughNothingOfItIsLeft() throws IOException {
    MaintainedIndex index = unbalanced();
    Change split = index.maintenance().split(List.of(1), SplitSettings.defaults()).orElseThrow();
    Snapshot after = index.commit(split);
    index.commit(index.maintenance().merge(index.paths()).orElseThrow());
    index.commit(index.maintenance().dissolve(List.of(0)).orElseThrow());
    long newest = index.log.newestVersion();

    assertThat(index.commit(split)).isEqualTo(after);
    assertThat(index.log.newestVersion()).isEqualTo(newest);
  }

  @Test
  void aNewModelEndsTheCalibrationOfTheOld() throws IOException {
    MaintainedIndex index = unbalanced();
    Snapshot snapshot = index.log.newest();
    CalibrationPoint point = new CalibrationPoint(1, 10, 0.9);
    Snapshot calibrated =
        new Snapshot(
            snapshot.formatVersion(),
            snapshot.indexId(),
            snapshot.version(),
            snapshot.commitId(),
            snapshot.operation(),
            snapshot.timestampMs(),
            snapshot.schema(),
            snapshot.model(),
            snapshot.embedder(),
            snapshot.segments(),
            snapshot.sources(),
            List.of(point),
            History.none(),
            Drift.unknown());
    Change split = index.maintenance().split(List.of(1), SplitSettings.defaults()).orElseThrow();

    assertThat(calibrated.withModel(snapshot.model()).calibration()).containsExactly(point);
    assertThat(calibrated.withModel(split.newModel().orElseThrow()).calibration()).isEmpty();
  }

  @Test
  void aModelThatLacksAListOfASegmentIsFound() throws IOException {
    MaintainedIndex index = unbalanced();
    index.commit(bringing(index, index.model().succeededBy(Set.of(1), new float[] {5})));

    assertThat(IndexVerifier.verify(index.storage).problems())
        .anyMatch(problem -> problem.contains("its model does not have list 1 of segments/"));
  }

  @Test
  void aListNumberThatIsUsedAgainIsFound() throws IOException {
    MaintainedIndex index = MaintainedIndex.of(0, 10, 20);
    index.commit(index.maintenance().dissolve(List.of(2)).orElseThrow());
    assertThat(IndexVerifier.verify(index.storage).problems()).isEmpty();
    Model forgetful = Model.of(Metric.L2, 1, new float[] {0, 10, 20}, index.model().quantizer());

    index.commit(bringing(index, forgetful));

    assertThat(IndexVerifier.verify(index.storage).problems())
        .containsExactly(
            index.log.newest().model().file().path() + ": has a new list of the used number 2");
  }

  private static Change bringing(MaintainedIndex index, Model model) throws IOException {
    Snapshot base = index.log.newest();
    ModelRef ref = ModelFile.write(index.storage, model);
    return new Change(
        "retrain",
        "retrain",
        ref.id(),
        List.of(),
        List.of(),
        new TreeMap<>(),
        new Upkeep(base.version(), base.model().id(), ref, Upkeep.NOTHING_FORGOTTEN, true));
  }

  @Test
  void segmentsThatAreNotThereAreNamed() throws IOException {
    MaintainedIndex index = unbalanced();
    assertThatThrownBy(() -> index.maintenance().merge(List.of("segments/x.parquet")))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("segments/x.parquet");
  }

  @Test
  void deadRowsMayStayWhereTheyAreAsLongAsThereIsSuchAList() throws IOException {
    MaintainedIndex index = unbalanced();
    index.append(at(3, 0, 2));
    index.commit(index.maintenance().split(List.of(1), SplitSettings.defaults()).orElseThrow());

    Segment first = index.segments().get(0);
    assertThat(first.rowCount()).as("the dead row of 3 is still there").isEqualTo(3);
    index.commit(index.maintenance().dissolve(List.of(0)).orElseThrow());
    assertThat(index.rows()).isEqualTo(9);
    assertThat(IndexVerifier.verify(index.storage).problems()).isEmpty();
  }
}
