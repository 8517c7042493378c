package io.tarn.flink;

import io.tarn.index.feature.Feature;
import io.tarn.index.feature.FeatureId;
import io.tarn.index.feature.IdType;
import io.tarn.index.feature.Metric;
import io.tarn.index.feature.Schema;
import io.tarn.index.storage.LocalStorage;
import java.nio.file.Path;
import java.util.List;

/** Gives a writer more than the heap holds, and no checkpoint: {@code SmallHeapMain <index>}. */
final class SmallHeapMain {
  static final String ALL_WRITTEN = "All rows are written";

  private static final int ROWS = 100_000;
  private static final int DIMENSION = 128;
  private static final long BUFFER_BYTES = 4 << 20;

  private SmallHeapMain() {}

  public static void main(String[] args) throws Exception {
    Path dir = Path.of(args[0]);
    TestIndex.create(dir, new Schema(IdType.STRING, DIMENSION, Metric.L2, List.of()), null);
    try (SegmentSinkWriter writer = new SegmentSinkWriter(new LocalStorage(dir), BUFFER_BYTES)) {
      for (int i = 0; i < ROWS; i++) {
        float[] vector = new float[DIMENSION];
        vector[i % DIMENSION] = i;
        Feature feature = new Feature(FeatureId.of("id-" + i), vector, i, i, new Object[0]);
        writer.write(new PositionedFeature("kafka:t", 0, i, i, feature), null);
      }
      writer.flush(true);
      long rows =
          writer.prepareCommit().iterator().next().change().added().stream()
              .mapToLong(segment -> segment.rows())
              .sum();
      if (rows != ROWS) {
        throw new AssertionError(rows + " rows");
      }
      System.out.println(ALL_WRITTEN);
    }
  }
}
