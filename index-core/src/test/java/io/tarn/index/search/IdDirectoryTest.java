package io.tarn.index.search;

import static org.assertj.core.api.Assertions.assertThat;

import io.tarn.index.centroid.Model;
import io.tarn.index.feature.FeatureId;
import io.tarn.index.feature.IdType;
import io.tarn.index.feature.Metric;
import io.tarn.index.quantize.Quantizer;
import io.tarn.index.segment.IdColumn;
import io.tarn.index.segment.ListRuns;
import io.tarn.index.segment.LongColumn;
import io.tarn.index.segment.RowVectors;
import io.tarn.index.segment.Segment;
import io.tarn.index.snapshot.FileRef;
import io.tarn.index.snapshot.SegmentRef;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Views come and go at random; no id may ever be missed, and few looked for in vain. */
class IdDirectoryTest {
  private static final SearchModel MODEL =
      new SearchModel(Model.of(Metric.L2, 1, new float[] {0}, Quantizer.of("none")));

  /** One id in twenty when a directory is made, and again as many each time it has doubled. */
  private static final double MOST_SLOTS_IN_VAIN = 0.5;

  private final List<LoadedSegment> view = new ArrayList<>();
  private int paths;

  @ParameterizedTest
  @CsvSource({"INT64, 0, 0, 1", "STRING, 0, 0, 2", "INT64, 3, 500, 3", "STRING, 16, 2000, 4"})
  void noIdIsMissedWhateverComesAndGoes(IdType type, int maxOpen, long maxOpenRows, long seed)
      throws Exception {
    Random random = new Random(seed);
    IdDirectory directory = new IdDirectory(maxOpen, maxOpenRows);
    int most = 0;
    for (int round = 0; round < 150; round++) {
      List<LoadedSegment> gone = goAtRandom(random, round < 75 ? 0.01 : 0.07);
      int kept = view.size();
      for (int come = random.nextInt(5); come > 0 && view.size() < 150; come--) {
        int rows = random.nextInt(10) == 0 ? 1000 + random.nextInt(1000) : 1 + random.nextInt(200);
        view.add(segment(type, random.nextInt(20_000), rows));
      }

      directory.follow(gone, view, kept);

      most = Math.max(most, view.size());
      assertComplete(directory);
      assertThat(slotsInVain(directory, type)).isLessThan(MOST_SLOTS_IN_VAIN);
      assertThat(open(directory)).isLessThanOrEqualTo(maxOpen);
    }
    assertThat(most).isGreaterThan(IdDirectory.SLOTS);
  }

  /** As a stream lets it: never so much at once that it were made anew. */
  @Test
  void itGrowsBucketByBucketAndStaysSmall() throws Exception {
    IdDirectory directory = new IdDirectory(0, 0);
    view.add(segment(IdType.INT64, 0, 3000));
    directory.follow(List.of(), view, 0);
    int first = 3000;
    for (int rows = 500; first < 120_000; rows += 500) {
      view.add(segment(IdType.INT64, first, rows));
      first += rows;
      long allowed = directory.bytesFollowing(first);

      directory.follow(List.of(), view, view.size() - 1);

      assertThat(directory.memoryBytes()).isBetween(2L * first, allowed);
      assertThat(directory.memoryBytes()).isLessThanOrEqualTo(bytesFor(first));
      assertThat(slotsInVain(directory, IdType.INT64)).isLessThan(MOST_SLOTS_IN_VAIN);
    }
    assertComplete(directory);
    assertThat(bytesFor(first) / (double) first).isLessThan(3);
  }

  @Test
  void whatWentIsForgottenAndItsSlotGoesToTheNext() throws Exception {
    IdDirectory directory = new IdDirectory(0, 0);
    view.add(segment(IdType.INT64, 0, 20_000));
    directory.follow(List.of(), view, 0);
    for (int round = 0; round < 200; round++) {
      List<LoadedSegment> gone = round == 0 ? List.of() : List.of(view.remove(1));
      view.add(segment(IdType.INT64, 20_000 + 1000 * round, 1000));

      directory.follow(gone, view, 1);

      assertThat(directory.slot(view.get(1))).isEqualTo(2);
    }
    assertThat(slotsInVain(directory, IdType.INT64)).isLessThan(0.1);
    assertThat(directory.memoryBytes()).isLessThan(bytesFor(21_000));
    assertComplete(directory);
  }

  /** As when a refresh failed after the directory had moved on. */
  @Test
  void aViewThatItWasNotToldOfIsNoHarm() throws Exception {
    IdDirectory directory = new IdDirectory(0, 0);
    view.add(segment(IdType.INT64, 0, 5000));
    view.add(segment(IdType.INT64, 5000, 300));
    directory.follow(List.of(), view, 0);
    LoadedSegment merged = segment(IdType.INT64, 4000, 1300);
    directory.follow(List.of(view.get(1)), List.of(view.get(0), merged), 1);

    view.add(segment(IdType.INT64, 9000, 100));
    directory.follow(List.of(), view, 2);

    assertComplete(directory);
    assertThat(slotsInVain(directory, IdType.INT64)).isLessThan(0.1);
  }

  /** What a directory takes at most that is made of so many rows. */
  private static long bytesFor(long rows) {
    return new IdDirectory(0, 0).bytesFollowing(rows);
  }

  private List<LoadedSegment> goAtRandom(Random random, double share) {
    List<LoadedSegment> gone = new ArrayList<>(view);
    gone.removeIf(segment -> random.nextDouble() >= share);
    view.removeAll(gone);
    return gone;
  }

  private void assertComplete(IdDirectory directory) {
    for (LoadedSegment segment : view) {
      long slot = 1L << directory.slot(segment);
      IdColumn ids = segment.segment.ids();
      for (int row = 0; row < ids.size(); row++) {
        if ((directory.slotsOf(ids.hash(row)) & slot) == 0) {
          throw new AssertionError(ids.get(row) + " is missed in " + segment.segment.ref());
        }
      }
    }
  }

  private long open(IdDirectory directory) {
    return view.stream().filter(s -> directory.slot(s) == IdDirectory.OPEN_SLOT).count();
  }

  /** How many slots are found, on average, for an id that is in no segment. */
  private static double slotsInVain(IdDirectory directory, IdType type) {
    IdColumn nowhere = ids(type, 10_000_000, 2000);
    int found = 0;
    for (int row = 0; row < nowhere.size(); row++) {
      found += Long.bitCount(directory.slotsOf(nowhere.hash(row)) >>> 1);
    }
    return found / (double) nowhere.size();
  }

  /** A segment of nothing but deletes, which needs no vectors. */
  private LoadedSegment segment(IdType type, long firstId, int rows) throws Exception {
    FileRef file = new FileRef("data/" + paths++, 1, "00000000");
    ListRuns.Builder lists = new ListRuns.Builder();
    lists.add(-1, rows);
    LongColumn zeros = new LongColumn.Builder(0, 0, rows).build();
    return new LoadedSegment(
        new Segment(
            new SegmentRef(file, 1, 0, rows, 0, 0),
            rows,
            lists.build(),
            ids(type, firstId, rows),
            zeros,
            zeros,
            new RowVectors.Builder(1, 0).build(),
            null,
            List.of()),
        MODEL);
  }

  private static IdColumn ids(IdType type, long firstId, int rows) {
    IdColumn.Builder ids = new IdColumn.Builder(type, rows);
    for (long id = firstId; id < firstId + rows; id++) {
      if (type == IdType.INT64) {
        ids.add(id);
      } else {
        ids.add(FeatureId.of("item-" + id).toString().getBytes(StandardCharsets.UTF_8));
      }
    }
    return ids.build();
  }
}
