package io.tarn.index.maintain;

import static io.tarn.index.maintain.MaintainedIndex.at;
import static io.tarn.index.maintain.MaintainedIndex.delete;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.tarn.index.feature.Feature;
import io.tarn.index.search.IndexView;
import io.tarn.index.snapshot.Change;
import io.tarn.index.snapshot.SegmentRef;
import io.tarn.index.verify.IndexVerifier;
import java.io.IOException;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;

class MaintenancePlanTest {
  private static final long MEBIBYTE = 1L << 20;

  /** Lists of 10 rows, of 5 and more to 20; 4 segments a tier. */
  private static final PlanSettings SETTINGS =
      new PlanSettings(10, 2, 0.5, 0.25, 4, 256 * MEBIBYTE);

  private static MaintenancePlan plan(MaintainedIndex index) throws IOException {
    return MaintenancePlan.of(index.view(), SETTINGS);
  }

  private static Feature[] rows(long firstId, int count, float value) {
    Feature[] rows = new Feature[count];
    for (int i = 0; i < count; i++) {
      rows[i] = at(firstId + i, value + i / 100f, 1);
    }
    return rows;
  }

  @Test
  void nothingIsWorthDoingToAnIndexInShape() throws IOException {
    MaintainedIndex index = MaintainedIndex.of(0, 10);
    index.append(rows(0, 10, 0));
    index.append(rows(20, 20, 10));
    index.append(delete(100, 1));

    assertThat(plan(index).tasks()).isEmpty();
    assertThat(plan(index).version()).isEqualTo(4);
  }

  @Test
  void segmentsOfAboutOneSizeAreMerged() throws IOException {
    MaintainedIndex index = MaintainedIndex.of(0, 10);
    for (int i = 0; i < 3; i++) {
      index.append(rows(i * 5L, 5, i * 5));
    }
    assertThat(plan(index).tasks()).isEmpty();
    index.append(rows(50, 5, 0));

    MaintenanceTask.Merge merge = (MaintenanceTask.Merge) plan(index).tasks().get(0);

    assertThat(merge.segments()).isEqualTo(index.paths());
    assertThat(merge.reason())
        .isEqualTo(
            "4 segments are of about one size, and 4 are enough to merge: 4 of them, each at most"
                + " 0.0 MiB, become one of at most 0.0 MiB");
    assertThat(MaintenancePlan.ofSegments(index.log.newest(), SETTINGS).tasks())
        .containsExactly(merge);
  }

  @Test
  void mergedSegmentsAreNoLargerThanTheTarget() throws IOException {
    MaintainedIndex index = MaintainedIndex.of(0);
    for (int i = 0; i < 7; i++) {
      index.append(rows(i * 50L, 50, 0));
    }
    List<SegmentRef> segments = index.log.newest().segments();
    long target = 3 * segments.get(0).file().bytes() + 500;

    MaintenancePlan plan =
        MaintenancePlan.ofSegments(
            index.log.newest(), new PlanSettings(10, 2, 0.5, 0.25, 4, target));

    List<String> paths = index.paths();
    assertThat(plan.tasks())
        .extracting(task -> ((MaintenanceTask.Merge) task).segments())
        .containsExactly(paths.subList(0, 3), paths.subList(3, 6));
    assertThat(
            MaintenancePlan.ofSegments(
                    index.log.newest(), new PlanSettings(10, 2, 0.5, 0.25, 4, target / 2))
                .tasks())
        .as("of two there is no room for one")
        .isEmpty();
  }

  @Test
  void segmentsWithManyDeadRowsAreRewritten() throws IOException {
    MaintainedIndex index = MaintainedIndex.of(0);
    index.append(rows(0, 8, 0));
    index.append(rows(8, 8, 0));
    index.append(at(0, 1, 2), at(1, 1, 2), delete(2, 2), at(8, 0, 2), at(9, 0, 2));

    MaintenanceTask.RewriteSegments rewrite =
        (MaintenanceTask.RewriteSegments) plan(index).tasks().get(0);

    assertThat(rewrite.segments()).as("3 of 8, not 2 of 8").containsExactly(index.paths().get(0));
    assertThat(rewrite.reason())
        .isEqualTo("segments with more than 25% dead rows: 1, with 3 of 8 rows dead");
    index.commit(index.maintenance().perform(rewrite).orElseThrow());
    assertThat(plan(index).tasks()).isEmpty();
  }

  @Test
  void listsWithManyDeadRowsAreRewritten() throws IOException {
    MaintainedIndex index = MaintainedIndex.of(0, 100);
    Feature[] both = new Feature[26];
    System.arraycopy(rows(0, 6, 0), 0, both, 0, 6);
    System.arraycopy(rows(20, 20, 100), 0, both, 6, 20);
    index.append(both);
    index.append(at(0, 1, 2), at(1, 1, 2), at(2, 1, 2));

    MaintenanceTask.RewriteLists rewrite =
        (MaintenanceTask.RewriteLists) plan(index).tasks().get(0);

    assertThat(rewrite.lists()).containsExactly(0);
    assertThat(rewrite.reason())
        .isEqualTo("lists with more than 25% dead rows: 1, with 3 of 9 rows dead");
    index.commit(index.maintenance().perform(rewrite).orElseThrow());
    assertThat(plan(index).tasks()).isEmpty();
    assertThat(index.rows()).isEqualTo(26);
  }

  @Test
  void largeListsAreSplitAndTinyOnesDissolved() throws IOException {
    MaintainedIndex index = MaintainedIndex.of(0, 100, 200, 300);
    index.append(rows(0, 21, 0));
    index.append(rows(30, 20, 100));
    index.append(rows(60, 4, 200));

    List<MaintenanceTask> tasks = plan(index).tasks();

    assertThat(tasks)
        .containsExactly(
            // Two lists are tiny, but 45 rows need five.
            new MaintenanceTask.Split(
                List.of(0),
                List.of(),
                List.of(),
                11,
                "lists with more than 20 live rows, 2.0 times the target 10: 1, of which the"
                    + " largest has 21"));
    index.commit(index.maintenance().perform(tasks.get(0)).orElseThrow());
    assertThat(index.view().liveRowsByList()).containsExactlyInAnyOrder(0, 4, 10, 11, 20);
  }

  @Test
  void crowdedListsAreSplitAheadOfTimeOnlyIfTheyHoldEnoughRows() throws IOException {
    MaintainedIndex index = MaintainedIndex.of(0, 100, 200, 300);
    index.append(rows(0, 21, 0));
    index.append(rows(30, 20, 100));
    index.append(rows(60, 4, 200));
    // Superseded rows do not count: neither these of the list, nor these of all.
    index.append(rows(60, 4, 200.5f));
    MaintenanceTask split =
        ofLists(index).stream().filter(MaintenanceTask.Split.class::isInstance).findAny().get();

    assertThat(crowded(index, 21.0 / 45))
        .as("neither merging nor dead rows")
        .containsExactly(split);
    assertThat(crowded(index, 21.1 / 45)).isEmpty();
    index.commit(index.maintenance().perform(split).orElseThrow());
    assertThat(crowded(index, 0)).isEmpty();
  }

  private static List<MaintenanceTask> crowded(MaintainedIndex index, double leastShare)
      throws IOException {
    IndexView view = index.view();
    return MaintenancePlan.ofCrowdedLists(view, SETTINGS, leastShare, view.model().nextListId())
        .tasks();
  }

  private static List<MaintenanceTask> ofLists(MaintainedIndex index) throws IOException {
    IndexView view = index.view();
    return MaintenancePlan.ofLists(
            view.snapshot().version(), view.model(), view.liveRowsByList(), SETTINGS)
        .tasks();
  }

  @Test
  void tinyListsAreDissolvedSmallestFirstWhileEnoughAreLeft() throws IOException {
    MaintainedIndex index = MaintainedIndex.of(0, 100, 200, 300);
    index.append(rows(0, 14, 0));
    index.append(rows(30, 4, 100));
    index.append(rows(60, 2, 200));

    MaintenanceTask dissolve = plan(index).tasks().get(0);

    assertThat(dissolve)
        .isEqualTo(
            new MaintenanceTask.Dissolve(
                List.of(2, 3),
                "lists with fewer than 5 live rows, 0.500 of the target 10: 2, with 2 rows"));
    index.commit(index.maintenance().perform(dissolve).orElseThrow());
    assertThat(index.model().listIds()).containsExactly(0, 1);
    assertThat(plan(index).tasks()).isEmpty();
  }

  @Test
  void thresholdsThatWouldNeverComeToRestAreRefused() {
    assertThatThrownBy(() -> new PlanSettings(10, 2, 1, 0.25, 4, MEBIBYTE))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("comes to rest");
    assertThat(PlanSettings.forLists(1000).splitAbove()).isEqualTo(2);
  }

  /** Data that drifts away from its centroids, with upserts and deletes all the while. */
  @Test
  void doingWhatIsPlannedKeepsAnIndexInShape() throws IOException {
    MaintainedIndex index = MaintainedIndex.of(0, 1, 2, 3);
    SplittableRandom random = new SplittableRandom(4);
    Map<Long, Float> expected = new HashMap<>();
    for (int commit = 0; commit < 10; commit++) {
      Map<Long, Feature> rows = new HashMap<>();
      for (int i = 0; i < 20; i++) {
        long id = random.nextInt(300);
        float value = commit * 6 + (float) random.nextDouble(20);
        boolean deletes = random.nextInt(5) == 0;
        rows.put(id, deletes ? delete(id, commit) : at(id, value, commit));
        expected.put(id, deletes ? null : value);
      }
      index.append(rows.values().toArray(Feature[]::new));
      runPlans(index);
    }
    expected.values().removeIf(value -> value == null);

    IndexView view = index.view();
    assertThat(index.values()).isEqualTo(expected);
    assertThat(Arrays.stream(view.liveRowsByList()).max().orElseThrow()).isLessThanOrEqualTo(20);
    assertThat(view.model().listCount()).isBetween(expected.size() / 20, expected.size() / 5);
    assertThat(view.snapshot().segments()).hasSizeLessThan(2 * SETTINGS.segmentsPerTier());
    assertThat(IndexVerifier.verify(index.storage).problems()).isEmpty();
  }

  private static void runPlans(MaintainedIndex index) throws IOException {
    int rounds = 0;
    Optional<Change> change;
    do {
      change = Optional.empty();
      for (MaintenanceTask task : plan(index).tasks()) {
        if (change.isEmpty()) {
          change = index.maintenance().perform(task);
        }
      }
      if (change.isPresent()) {
        index.commit(change.get());
      }
      assertThat(++rounds).as("plans come to an end").isLessThan(20);
    } while (change.isPresent());
  }
}
