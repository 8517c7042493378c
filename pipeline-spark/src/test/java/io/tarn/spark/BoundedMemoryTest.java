package io.tarn.spark;

import static org.assertj.core.api.Assertions.assertThat;

import io.tarn.index.commit.SnapshotLog;
import io.tarn.index.feature.FeatureId;
import io.tarn.index.search.Hit;
import io.tarn.index.search.IndexReader;
import io.tarn.index.search.IndexView;
import io.tarn.index.search.OpenOptions;
import io.tarn.index.search.Probe;
import io.tarn.index.search.VectorTier;
import io.tarn.index.snapshot.SegmentRef;
import io.tarn.index.snapshot.Snapshot;
import io.tarn.index.storage.LocalStorage;
import io.tarn.index.storage.Storage;
import io.tarn.index.verify.IndexVerifier;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * A build with ten times as many bytes of vectors as the heap has, and an append of a quarter of
 * them. A task of the build reads more rows than the heap could hold: who collects the rows of
 * tasks, anywhere between the input and the commit, runs out of it.
 *
 * <p>More rows in the same heap: {@code -Dbounded.rows=655360}.
 */
class BoundedMemoryTest {
  private static final int HEAP_MIB = 128;
  private static final int DIMENSION = 1024;
  private static final long BUILT_ROWS =
      Long.getLong("bounded.rows", 10L * HEAP_MIB * (1 << 20) / (DIMENSION * Float.BYTES));
  private static final long APPENDED_ROWS = BUILT_ROWS / 4;
  private static final long ROWS = BUILT_ROWS + APPENDED_ROWS;
  private static final int K = 5;

  @TempDir Path directory;

  private record Near(long id, double distance) {}

  @Test
  void aHeapOfATenthOfTheDataSuffices() throws Exception {
    Path index = directory.resolve("index");
    ChildJvm.Outcome outcome =
        ChildJvm.run(
            directory,
            "local[2]",
            // Spark keeps 300 MiB of a heap for itself, and refuses one below 450, unless it is
            // told that this is a test.
            List.of(
                "spark.testing.reservedMemory=16777216",
                "spark.memory.fraction=0.2",
                // Otherwise a sort takes 2 MiB for each part that it has spilled.
                "spark.unsafe.sorter.spill.read.ahead.enabled=false",
                // As ./tarn has it: vectors hardly shrink.
                "spark.shuffle.compress=false",
                "spark.shuffle.spill.compress=false",
                "spark.sql.shuffle.partitions=4"),
            List.of("-Xmx" + HEAP_MIB + "m", "-Xmn12m", "-XX:+UseSerialGC"),
            BuildOfFormulaRows.class,
            index.toString(),
            Long.toString(BUILT_ROWS),
            Long.toString(APPENDED_ROWS),
            Integer.toString(DIMENSION));
    assertThat(outcome.exitStatus()).as(outcome.output()).isZero();
    outcome
        .output()
        .lines()
        .filter(line -> line.startsWith(BuildOfFormulaRows.PEAK))
        .forEach(System.out::println);
    try (Storage storage = new LocalStorage(index)) {
      Snapshot snapshot = new SnapshotLog(storage).newest();
      assertThat(snapshot.version()).isEqualTo(2);
      assertThat(snapshot.segments().stream().mapToLong(SegmentRef::rows).sum()).isEqualTo(ROWS);
      assertThat(IndexVerifier.verify(storage).problems()).isEmpty();
      IndexView view =
          IndexReader.openVersion(storage, 2, OpenOptions.defaults().withTier(VectorTier.MAPPED));
      for (long id : new long[] {0, BUILT_ROWS, ROWS - 1}) {
        assertThat(view.get(FeatureId.of(id)).orElseThrow().vector())
            .isEqualTo(FormulaRows.vector(id, DIMENSION));
      }
      float[] query = FormulaRows.vector(ROWS + 7, DIMENSION);
      assertThat(nearest(view, query)).isEqualTo(nearestByFormula(query));
    }
  }

  private static List<Near> nearest(IndexView view, float[] query) throws Exception {
    List<Near> found = new ArrayList<>();
    for (Hit hit : view.search(query, K, Probe.exact()).hits()) {
      found.add(new Near(((FeatureId.Int64) hit.id()).value(), hit.distance()));
    }
    return found;
  }

  /** Squares of whole numbers, which floats add without loss where the sum is small. */
  private static List<Near> nearestByFormula(float[] query) {
    List<Near> nearest = new ArrayList<>();
    for (long id = 0; id < ROWS; id++) {
      float[] vector = FormulaRows.vector(id, DIMENSION);
      float distance = 0;
      for (int i = 0; i < DIMENSION; i++) {
        float difference = vector[i] - query[i];
        distance += difference * difference;
      }
      if (nearest.size() < K || distance < nearest.get(K - 1).distance()) {
        nearest.add(new Near(id, distance));
        nearest.sort(Comparator.comparingDouble(Near::distance));
        nearest = new ArrayList<>(nearest.subList(0, Math.min(K, nearest.size())));
      }
    }
    return nearest;
  }
}
