package io.tarn.spark.segment;

import static org.assertj.core.api.Assertions.assertThat;

import io.tarn.index.centroid.Model;
import io.tarn.index.feature.Feature;
import io.tarn.index.feature.FeatureId;
import io.tarn.index.feature.IdType;
import io.tarn.index.feature.Metric;
import io.tarn.index.feature.Schema;
import io.tarn.index.format.SegmentReader;
import io.tarn.index.quantize.Quantizer;
import io.tarn.index.segment.ListRuns;
import io.tarn.index.segment.Segment;
import io.tarn.index.snapshot.SegmentRef;
import io.tarn.index.storage.LocalStorage;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class SegmentTaskTest {
  private static final Schema SCHEMA = new Schema(IdType.INT64, 2, Metric.L2, List.of());

  @TempDir Path directory;

  private SegmentTask task(long segmentBytes) {
    return task(segmentBytes, new SegmentNames());
  }

  private SegmentTask task(long segmentBytes, SegmentNames names) {
    return new SegmentTask(
        new LocalStorage(directory),
        SCHEMA,
        new Model(Metric.L2, 2, new int[] {3, 5, 9}, 10, new float[6], new Quantizer.None()),
        segmentBytes,
        names);
  }

  private static AssignedRow row(int list, long id) {
    return new AssignedRow(
        list, new Feature(FeatureId.of(id), new float[] {id, list}, 0, id, new Object[0]));
  }

  private static AssignedRow delete(long id) {
    return new AssignedRow(ListRanges.DELETES, Feature.delete(FeatureId.of(id), 0, id));
  }

  private Segment read(SegmentRef ref) throws IOException {
    return SegmentReader.read(new LocalStorage(directory), ref, SCHEMA);
  }

  private List<Path> files() throws IOException {
    try (Stream<Path> files = Files.walk(directory)) {
      return files.filter(Files::isRegularFile).toList();
    }
  }

  @Test
  void rowsGoToTheListsOfTheModel() throws IOException {
    try (SegmentTask task = task(1000)) {
      task.add(delete(7), 1);
      task.add(row(0, 1), 1);
      task.add(row(2, 2), 1);
      List<SegmentRef> segments = task.finish();
      assertThat(segments).hasSize(1);
      ListRuns lists = read(segments.get(0)).lists();
      assertThat(List.of(lists.listOf(0), lists.listOf(1), lists.listOf(2)))
          .containsExactly(-1, 3, 9);
    }
  }

  @Test
  void aFullSegmentEndsBeforeTheNextList() throws IOException {
    try (SegmentTask task = task(100)) {
      task.add(row(0, 1), 60);
      task.add(row(1, 2), 60);
      task.add(row(1, 3), 20);
      task.add(row(2, 4), 60);
      List<SegmentRef> segments = task.finish();
      assertThat(segments).extracting(SegmentRef::rows).containsExactly(3L, 1L);
    }
  }

  @Test
  void anOverfullSegmentEndsWithinAList() throws IOException {
    try (SegmentTask task = task(100)) {
      for (int i = 0; i < 10; i++) {
        task.add(row(1, i), 50);
      }
      List<SegmentRef> segments = task.finish();
      assertThat(segments).extracting(SegmentRef::rows).containsExactly(3L, 3L, 3L, 1L);
    }
  }

  @Test
  void noRowsAreNoSegment() throws IOException {
    try (SegmentTask task = task(100)) {
      assertThat(task.finish()).isEmpty();
    }
    assertThat(files()).isEmpty();
  }

  @Test
  void aTaskThatIsClosedEarlyLeavesNothing() throws IOException {
    try (SegmentTask task = task(100)) {
      task.add(row(0, 1), 200);
      task.add(row(1, 2), 1);
      // The first segment has ended, the second is half-written.
      assertThat(files()).hasSize(2);
    }
    assertThat(files()).isEmpty();
  }

  @Test
  void onlyOnesOwnSegmentsThatDoNotCountAreDeleted() throws IOException {
    SegmentNames names = new SegmentNames();
    List<SegmentRef> others;
    try (SegmentTask task = task(100)) {
      task.add(row(0, 1), 1);
      others = task.finish();
    }
    List<SegmentRef> own;
    try (SegmentTask task = task(100, names)) {
      task.add(row(0, 1), 200);
      task.add(row(1, 2), 200);
      task.add(row(2, 3), 200);
      own = task.finish();
    }
    assertThat(own).hasSize(3);
    assertThat(names.deleteOthers(new LocalStorage(directory), own.subList(1, 2))).isEqualTo(2);
    assertThat(files().stream().map(file -> "segments/" + file.getFileName()).toList())
        .containsExactlyInAnyOrder(own.get(1).path(), others.get(0).path());
    assertThat(names.deleteOthers(new LocalStorage(directory), List.of())).isEqualTo(1);
    assertThat(files()).hasSize(1);
  }
}
