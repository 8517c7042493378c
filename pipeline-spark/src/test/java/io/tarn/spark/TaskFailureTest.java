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
import java.util.HashSet;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
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

/** Tasks fail and are repeated; the index holds every row once all the same. */
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
    Set<String> inSnapshot = new HashSet<>();
    IndexFiles.view(index()).snapshot().segments().forEach(s -> inSnapshot.add(s.path()));
    Set<String> orphans = new TreeSet<>(IndexFiles.below(index().resolve("segments")));
    orphans.removeIf(file -> inSnapshot.contains("segments/" + file));
    // What a failed attempt had published stays behind, and belongs to nothing.
    boolean published =
        moment == FaultyLocation.Moment.AFTER_PUBLISH || moment == FaultyLocation.Moment.CLOSE;
    assertThat(!orphans.isEmpty()).isEqualTo(published);
  }

  @Test
  void aJobThatFailsForGoodLeavesNoIndexAndCanBeRepeated() throws Exception {
    Dataset<Row> table = VectorRows.table(rows);
    assertThatThrownBy(() -> build(new AlwaysFaulty(index().toString()), table))
        .isInstanceOf(IOException.class)
        .hasMessage("the disk is gone");
    assertThat(index().resolve("versions")).doesNotExist();
    assertThat(IndexFiles.pending(index())).isEmpty();
    assertWhole(build(location(), table));
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
