package io.tarn.spark;

import static org.assertj.core.api.Assertions.assertThat;

import io.tarn.index.commit.SnapshotLog;
import io.tarn.index.snapshot.SegmentRef;
import io.tarn.index.snapshot.Snapshot;
import io.tarn.index.storage.LocalStorage;
import io.tarn.index.storage.Storage;
import java.io.BufferedOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * Build and append in a JVM whose heap is a fraction of the data: what does not fit goes through
 * files. {@code -Dtarn.memory.rows=10000000} makes the data larger, and leaves the heap as it is.
 */
class BoundedMemoryTest {
  private static final int ROWS = Integer.getInteger("tarn.memory.rows", 1_200_000);
  private static final int DIMENSION = 256;
  private static final String HEAP = "-Xmx128m";

  @TempDir Path directory;

  @Test
  void aHeapOfATenthOfTheDataSuffices() throws Exception {
    Path input = directory.resolve("rows.fvecs");
    write(input);
    Path index = directory.resolve("index");
    ChildJvm.Outcome outcome =
        ChildJvm.run(
            directory,
            "local[2]",
            // Spark refuses heaps below 450 MiB unless told that this is a test, and takes 0.6 of
            // the heap for its sorts, beside which a task holds a segment (or 64 MiB of it).
            List.of(
                "spark.testing.reservedMemory=16777216",
                "spark.memory.fraction=0.3",
                "spark.default.parallelism=4",
                "spark.sql.shuffle.partitions=4"),
            List.of(HEAP),
            BuildOfAFile.class,
            "index=" + index,
            "input.path=" + input,
            "input.format=fvecs",
            "nlist=64",
            "training.iterations=4",
            "training.max-sample-bytes=4194304",
            "segment-bytes=8388608",
            "--",
            "index=" + index,
            "input.path=" + input,
            "input.format=fvecs",
            "segment-bytes=8388608");
    assertThat(outcome.exitStatus()).as(outcome.output()).isZero();
    try (Storage storage = new LocalStorage(index)) {
      Snapshot snapshot = new SnapshotLog(storage).newest();
      assertThat(snapshot.version()).isEqualTo(2);
      assertThat(snapshot.segments().stream().mapToLong(SegmentRef::rows).sum())
          .isEqualTo(2L * ROWS);
      assertThat(snapshot.segments())
          .allSatisfy(segment -> assertThat(segment.file().bytes()).isLessThan(16L << 20));
    }
  }

  private static void write(Path file) throws IOException {
    SplittableRandom random = new SplittableRandom(3);
    ByteBuffer row =
        ByteBuffer.allocate(Integer.BYTES + DIMENSION * Float.BYTES).order(ByteOrder.LITTLE_ENDIAN);
    try (OutputStream out = new BufferedOutputStream(Files.newOutputStream(file))) {
      for (int r = 0; r < ROWS; r++) {
        row.clear().putInt(DIMENSION);
        float centre = random.nextInt(50);
        for (int i = 0; i < DIMENSION; i++) {
          row.putFloat(centre + random.nextInt(256) / 256f);
        }
        out.write(row.array());
      }
    }
  }
}
