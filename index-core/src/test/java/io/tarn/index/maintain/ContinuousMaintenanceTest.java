package io.tarn.index.maintain;

import static io.tarn.index.maintain.MaintainedIndex.at;
import static org.assertj.core.api.Assertions.assertThat;

import io.tarn.index.feature.Feature;
import io.tarn.index.format.ModelFile;
import io.tarn.index.maintain.ContinuousMaintenance.Rules;
import io.tarn.index.maintain.ContinuousMaintenance.Step;
import io.tarn.index.search.OpenOptions;
import io.tarn.index.snapshot.Snapshot;
import io.tarn.index.verify.IndexVerifier;
import java.io.IOException;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.TreeMap;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/** Maintenance step by step while others write. */
class ContinuousMaintenanceTest {
  private static final PlanSettings SETTINGS = new PlanSettings(10, 2, 0.125, 0.25, 4, 1 << 20);

  private static final int LISTS = 40;

  private static ContinuousMaintenance of(MaintainedIndex index, Rules rules) {
    return new ContinuousMaintenance(index.storage, rules, OpenOptions.defaults());
  }

  @Test
  void segmentsStayFewHoweverManyAreWritten() throws IOException {
    MaintainedIndex index = MaintainedIndex.of(0, 100);
    ContinuousMaintenance maintenance = of(index, (snapshot, live) -> SETTINGS);
    Map<Long, Float> expected = new TreeMap<>();
    int merges = 0;
    for (int order = 0; order < 40; order++) {
      index.append(at(order % 30, order, order));
      expected.put((long) (order % 30), (float) order);
      while (maintenance.mergeSegments().isPresent()) {
        merges++;
      }
      assertThat(index.paths()).hasSizeLessThan(SETTINGS.segmentsPerTier());
    }
    assertThat(merges).isEqualTo(13);
    assertThat(index.values()).isEqualTo(expected);
    assertThat(IndexVerifier.verify(index.storage).problems()).isEmpty();
  }

  @Test
  void listsGrowAndGoWithTheRows() throws IOException {
    MaintainedIndex index = MaintainedIndex.of(0, 1000, 2000);
    ContinuousMaintenance maintenance = of(index, (snapshot, live) -> SETTINGS);
    Random random = new Random(7);
    Map<Long, Float> expected = new TreeMap<>();
    for (int order = 0; order < 200; order++) {
      float place = 1500 + random.nextInt(200);
      index.append(at(order % 120, place, order));
      expected.put((long) (order % 120), place);
      while (maintenance.tidy().isPresent()) {
        // All that is worth doing.
      }
    }
    long[] live = index.view().liveRowsByList();
    assertThat(Arrays.stream(live).max().orElseThrow()).isLessThanOrEqualTo(20);
    assertThat(Arrays.stream(live).min().orElseThrow()).isGreaterThanOrEqualTo(2);
    assertThat(index.rows()).as("few are dead").isLessThan(170);
    assertThat(index.values()).isEqualTo(expected);
    assertThat(IndexVerifier.verify(index.storage).problems()).isEmpty();
  }

  @Test
  void listsOfAnIndexThatIsOnlyBeingFilledStay() throws IOException {
    MaintainedIndex index = MaintainedIndex.of(0, 1000, 2000);
    MaintenanceRules rules = new MaintenanceRules(200, 2, 0.125, 0.25, 4, 1 << 20);
    ContinuousMaintenance maintenance = of(index, rules::settings);
    assertThat(maintenance.tidy()).isEmpty();

    index.append(rowsAround(0, 116));
    assertThat(maintenance.tidy()).as("39 rows a list would be 117").isEmpty();
    index.append(rowsAround(116, 117));

    assertThat(maintenance.tidy().orElseThrow().snapshot().operation()).isEqualTo("dissolve");
    assertThat(index.model().listCount()).isEqualTo(1);
  }

  private static Feature[] rowsAround(int from, int to) {
    return IntStream.range(from, to).mapToObj(i -> at(i, i % 7, i)).toArray(Feature[]::new);
  }

  @Test
  void rowsThatCameSinceListsWereLookedAtAreToldBySnapshotsAlone() throws IOException {
    GrowthRules growth = new GrowthRules(0.5, 10, 0.1);
    MaintainedIndex index = MaintainedIndex.of(0, 1000);
    index.append(spread(0, 40));
    ContinuousMaintenance maintenance = of(index, (snapshot, live) -> SETTINGS);
    assertThat(maintenance.hasGrown(growth)).as("nothing was seen").isFalse();
    assertThat(hasGrown(maintenance, growth)).as("what was there before").isFalse();

    index.append(spread(40, 59));
    assertThat(hasGrown(maintenance, growth)).isFalse();
    index.append(spread(59, 60));
    assertThat(hasGrown(maintenance, growth)).isTrue();
    assertThat(maintenance.splitCrowded(growth)).isPresent();
    assertThat(hasGrown(maintenance, growth)).as("from 60 on").isFalse();

    index.append(spread(60, 90));
    assertThat(hasGrown(maintenance, growth)).isTrue();
    while (maintenance.tidy().isPresent()) {
      // Looks at all.
    }
    assertThat(hasGrown(maintenance, growth)).as("from 90 on").isFalse();
  }

  @Test
  void rowsCountFromWhatIsLeftWhenDeadOnesAreGone() throws IOException {
    GrowthRules growth = new GrowthRules(0.5, 10, 0.1);
    MaintainedIndex index = MaintainedIndex.of(0, 1000);
    PlanSettings fewMerges = new PlanSettings(1000, 2, 0.125, 0.25, 4, 1 << 20);
    ContinuousMaintenance maintenance = of(index, (snapshot, live) -> fewMerges);
    for (int order = 0; order < 3; order++) {
      index.append(rowsAround(0, 40, order));
    }
    assertThat(maintenance.splitCrowded(growth)).isEmpty();
    index.append(rowsAround(0, 40, 3));
    assertThat(maintenance.mergeSegments()).isPresent();
    assertThat(index.rows()).isEqualTo(40);
    assertThat(maintenance.hasGrown(growth)).isFalse();

    index.append(rowsAround(100, 120, 4));

    assertThat(hasGrown(maintenance, growth)).as("120 at the look, 40 left, 60 now").isTrue();
  }

  /** Each list has 40 rows. */
  private static MaintainedIndex filled() throws IOException {
    float[] centroids = new float[LISTS];
    for (int list = 0; list < centroids.length; list++) {
      centroids[list] = 1000 * list;
    }
    MaintainedIndex index = MaintainedIndex.of(centroids);
    index.append(asEver(0, 1600));
    return index;
  }

  private static Feature[] asEver(int from, int to) {
    return IntStream.range(from, to)
        .mapToObj(i -> at(i, 1000 * (i % LISTS) + i % 7, i))
        .toArray(Feature[]::new);
  }

  private static Feature[] around(float place, int from, int to) {
    return IntStream.range(from, to)
        .mapToObj(i -> at(i, place + i % 13, i))
        .toArray(Feature[]::new);
  }

  @Test
  void rowsThatComeWhereThereWereFewGetListsOfTheirOwn() throws IOException {
    GrowthRules growth = new GrowthRules(0.25, 50, 0.1);
    MaintainedIndex index = filled();
    PlanSettings settings = new PlanSettings(20, 2, 0.125, 0.25, 100, 1 << 20);
    ContinuousMaintenance maintenance = of(index, (snapshot, live) -> settings);
    maintenance.mergeSegments();
    assertThat(maintenance.hasArrivals(growth)).as("what was there before").isFalse();
    assertThat(maintenance.addLists()).as("all there is").isEmpty();
    List<String> before = index.paths();

    index.append(asEver(1600, 1760));
    maintenance.mergeSegments();
    assertThat(maintenance.hasArrivals(growth)).isTrue();
    assertThat(maintenance.addLists()).as("they came as ever").isEmpty();
    assertThat(maintenance.hasArrivals(growth)).isFalse();

    index.append(around(4400, 1760, 1860));
    maintenance.mergeSegments();
    assertThat(maintenance.hasArrivals(growth)).isTrue();
    Step first = maintenance.addLists().orElseThrow();
    assertThat(first.snapshot().operation()).isEqualTo("add lists");
    assertThat(first.task().reason()).startsWith("of 260 rows");
    assertThat(index.paths()).as("what was there stays").containsAll(before);
    int[] made = listsFrom(first.snapshot(), index);
    assertThat(made).hasSize(3);
    assertThat(Arrays.stream(index.view().liveRowsByList(), LISTS, LISTS + 3).sum())
        .as("rows in these lists")
        .isBetween(100L, 104L);

    index.append(around(4400, 1860, 2020));
    Step second = maintenance.addLists().orElseThrow();
    int[] anew = listsFrom(second.snapshot(), index);
    assertThat(anew).as("for all of them").hasSizeBetween(6, 10).doesNotContain(made);
    assertThat(index.paths()).containsAll(before);

    Step split = maintenance.splitCrowded(growth).orElseThrow();
    MaintenanceTask.Split task = (MaintenanceTask.Split) split.task();
    assertThat(Stream.concat(task.moving().stream(), task.lists().stream()))
        .as("they move, but for those that are too large")
        .contains(boxed(anew));
    assertThat(task.reason())
        .contains("lists that were made for rows as they came: " + task.moving().size());
    assertThat(index.paths()).doesNotContainAnyElementsOf(before);
    assertThat(maintenance.addLists()).as("nothing came since").isEmpty();
    assertThat(index.view().liveRowCount()).isEqualTo(2020);
    assertThat(IndexVerifier.verify(index.storage).problems()).isEmpty();
  }

  @Test
  void listsOfAnIndexThatOthersWroteAnewDoNotMove() throws IOException {
    GrowthRules growth = new GrowthRules(0.25, 50, 0.1);
    MaintainedIndex index = filled();
    PlanSettings settings = new PlanSettings(40, 2, 0.125, 0.25, 100, 1 << 20);
    ContinuousMaintenance maintenance = of(index, (snapshot, live) -> settings);
    assertThat(maintenance.tidy()).as("it looks").isEmpty();
    List<Integer> all = IntStream.range(0, LISTS).boxed().toList();
    SplitSettings inTwo = SplitSettings.defaults();
    index.commit(index.maintenance().split(all, inTwo).orElseThrow());
    assertThat(listsFrom(index.log.newest(), index)).hasSizeGreaterThan(LISTS);

    assertThat(maintenance.splitCrowded(growth)).isEmpty();
    assertThat(maintenance.tidy()).isEmpty();
    assertThat(maintenance.addLists()).isEmpty();
  }

  /** The lists that an index did not have at first. */
  private static int[] listsFrom(Snapshot snapshot, MaintainedIndex index) throws IOException {
    int[] all = ModelFile.read(index.storage, snapshot.model()).listIds();
    return Arrays.stream(all).filter(list -> list >= LISTS).toArray();
  }

  private static Integer[] boxed(int[] lists) {
    return Arrays.stream(lists).boxed().toArray(Integer[]::new);
  }

  private static boolean hasGrown(ContinuousMaintenance maintenance, GrowthRules growth)
      throws IOException {
    maintenance.mergeSegments();
    return maintenance.hasGrown(growth);
  }

  private static Feature[] spread(int from, int to) {
    return IntStream.range(from, to)
        .mapToObj(i -> at(i, i % 2 * 1000 + i, i))
        .toArray(Feature[]::new);
  }

  private static Feature[] rowsAround(int from, int to, long order) {
    return IntStream.range(from, to).mapToObj(i -> at(i, i % 7, order)).toArray(Feature[]::new);
  }

  @Test
  void whenOthersAreFasterItIsPlannedAnew() throws IOException {
    MaintainedIndex index = MaintainedIndex.of(0);
    for (int order = 0; order < 8; order++) {
      index.append(at(order, order, order));
    }
    Rules overtaken =
        (snapshot, live) -> {
          overtake(index);
          return SETTINGS;
        };

    Optional<Step> step = of(index, overtaken).mergeSegments();

    assertThat(step).isPresent();
    assertThat(step.orElseThrow().snapshot().operation()).isEqualTo("merge");
    assertThat(index.values()).hasSize(8);
  }

  /** Merges two segments, while there are more than enough. */
  private static void overtake(MaintainedIndex index) {
    try {
      Snapshot snapshot = index.log.newest();
      if (snapshot.segments().size() > 6) {
        index.commit(index.maintenance().merge(index.paths().subList(0, 2)).orElseThrow());
      }
    } catch (IOException e) {
      throw new AssertionError(e);
    }
  }
}
