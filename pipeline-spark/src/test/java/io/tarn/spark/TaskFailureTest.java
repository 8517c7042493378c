package io.tarn.spark;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.tarn.index.feature.Feature;
import io.tarn.index.storage.LocalStorage;
import io.tarn.index.verify.IndexVerifier;
import io.tarn.settings.Settings;
import io.tarn.spark.input.InputTable;
import io.tarn.spark.segment.IndexLocation;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicInteger;
import org.apache.spark.TaskContext;
import org.apache.spark.api.java.function.MapPartitionsFunction;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Encoders;
import org.apache.spark.sql.Row;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/**
 * Tasks fail and are repeated; the index holds every row once all the same, and nothing else lies
 * in it.
 */
class TaskFailureTest {
  private static final int ROWS = 3000;
  private static final AtomicInteger FAILURES = new AtomicInteger();

  @TempDir Path directory;
  private List<Row> rows;

  @BeforeEach
  void makeRows() {
    rows = VectorRows.clustered(ROWS, 16, 9);
  }

  private Path index() {
    return directory.resolve("index");
  }

  private BuildSettings settings() {
    return Settings.load(
        BuildSettings.class,
        Optional.empty(),
        List.of(
            "index=" + index(),
            "input.path=unused",
            "input.order-column=ts",
            "nlist=16",
            "segment-bytes=1048576"));
  }

  private BuildResult build(IndexLocation location, Dataset<Row> table) throws IOException {
    return new BuildJob(LocalSpark.session(), settings(), location).run(() -> InputTable.of(table));
  }

  private IndexLocation location() {
    return new IndexLocation(LocalSpark.session().sparkContext(), index().toString());
  }

  private void assertWhole(BuildResult result) throws IOException {
    assertThat(result.rows()).isEqualTo(ROWS);
    Map<Object, Feature> live = IndexFiles.live(index());
    assertThat(live).hasSize(ROWS);
    rows.forEach(
        row ->
            assertThat(live.get(row.getLong(0)).vector()).containsExactly(VectorRows.vector(row)));
    long written =
        IndexFiles.view(index()).snapshot().segments().stream().mapToLong(s -> s.rows()).sum();
    assertThat(written).isEqualTo(ROWS);
    assertThat(IndexFiles.pending(index())).isEmpty();
    try (LocalStorage storage = new LocalStorage(index())) {
      assertThat(IndexVerifier.verify(storage).problems()).isEmpty();
    }
  }

  /** Every task that reads fails half-way through its rows at its first attempt. */
  @Test
  void readingTasksMayFail() throws Exception {
    Dataset<Row> table =
        VectorRows.table(rows)
            .repartition(4)
            .mapPartitions(failingHalfWay(), Encoders.row(VectorRows.TYPE));
    FAILURES.set(0);
    assertWhole(build(location(), table));
    assertThat(FAILURES).hasValue(4);
  }

  @ParameterizedTest
  @EnumSource(FaultyLocation.Moment.class)
  void writingTasksMayFailAtAnyMoment(FaultyLocation.Moment moment) throws Exception {
    assertWhole(build(new FaultyLocation(index().toString(), moment), VectorRows.table(rows)));
    assertNothingButTheSnapshot();
  }

  private void assertNothingButTheSnapshot() throws IOException {
    assertThat(IndexFiles.below(index().resolve("segments")).stream().map(f -> "segments/" + f))
        .containsExactlyInAnyOrderElementsOf(
            IndexFiles.view(index()).snapshot().segments().stream().map(s -> s.path()).toList());
  }

  @Test
  void aJobThatFailsForGoodLeavesNoIndexAndCanBeRepeated() throws Exception {
    Dataset<Row> table = VectorRows.table(rows);
    assertThatThrownBy(() -> build(new AlwaysFaulty(index().toString()), table))
        .isInstanceOf(IOException.class)
        .hasMessage("the disk is gone");
    assertThat(index().resolve("versions")).doesNotExist();
    assertThat(IndexFiles.below(index())).isEmpty();
    assertWhole(build(location(), table));
  }

  /** Some tasks have written their segments when another one fails as often as it may. */
  @Test
  void aJobOfWhichOneTaskFailsForGoodLeavesNoSegments() {
    IndexLocation location = new FaultyTask(index().toString());
    Dataset<Row> table = VectorRows.table(VectorRows.clustered(20_000, 64, 3));
    assertThatThrownBy(() -> build(location, table)).hasMessage("the disk of task 0 is gone");
    assertThat(FaultyTask.OTHERS_PUBLISHED.getCount()).isZero();
    assertThat(index().resolve("segments")).isEmptyDirectory();
  }

  /** The first task never publishes its segment, and does not even try before another one has. */
  private static final class FaultyTask extends IndexLocation {
    static final CountDownLatch OTHERS_PUBLISHED = new CountDownLatch(1);

    FaultyTask(String location) {
      super(LocalSpark.session().sparkContext(), location);
    }

    @Override
    public io.tarn.index.storage.Storage open() throws IOException {
      return new FaultyLocation.HookedStorage(super.open(), FaultyTask::fail);
    }

    private static void fail(FaultyLocation.Moment moment) throws IOException {
      TaskContext task = TaskContext.get();
      if (task == null) {
        return;
      }
      if (task.partitionId() > 0 && moment == FaultyLocation.Moment.AFTER_PUBLISH) {
        OTHERS_PUBLISHED.countDown();
      }
      if (task.partitionId() == 0 && moment == FaultyLocation.Moment.BEFORE_PUBLISH) {
        try {
          OTHERS_PUBLISHED.await();
        } catch (InterruptedException e) {
          throw new IOException("interrupted", e);
        }
        throw new IOException("the disk of task 0 is gone");
      }
    }
  }

  /** Opens on the driver, and nowhere else. */
  private static final class AlwaysFaulty extends IndexLocation {
    AlwaysFaulty(String location) {
      super(LocalSpark.session().sparkContext(), location);
    }

    @Override
    public io.tarn.index.storage.Storage open() throws IOException {
      if (TaskContext.get() != null) {
        throw new IOException("the disk is gone");
      }
      return super.open();
    }
  }

  private static MapPartitionsFunction<Row, Row> failingHalfWay() {
    return FailingHalfWay::new;
  }

  private static final class FailingHalfWay implements Iterator<Row> {
    private static final int GIVEN_ROWS = 300;

    private final Iterator<Row> rows;
    private final boolean firstAttempt = TaskContext.get().attemptNumber() == 0;
    private int given;

    FailingHalfWay(Iterator<Row> rows) {
      this.rows = rows;
    }

    @Override
    public boolean hasNext() {
      return rows.hasNext();
    }

    @Override
    public Row next() {
      if (firstAttempt && given == GIVEN_ROWS) {
        FAILURES.incrementAndGet();
        throw new IllegalStateException("injected");
      }
      given++;
      return rows.next();
    }
  }
}
