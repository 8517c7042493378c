package io.tarn.index.write;

import static org.assertj.core.api.Assertions.assertThat;

import io.tarn.index.centroid.Model;
import io.tarn.index.feature.Attribute;
import io.tarn.index.feature.AttributeType;
import io.tarn.index.feature.Feature;
import io.tarn.index.feature.FeatureId;
import io.tarn.index.feature.IdType;
import io.tarn.index.feature.Metric;
import io.tarn.index.feature.Schema;
import io.tarn.index.quantize.Quantizer;
import io.tarn.index.storage.MemoryStorage;
import java.io.IOException;
import java.util.List;
import org.junit.jupiter.api.Test;

class FeatureBufferTest {
  private static final Schema SCHEMA =
      new Schema(IdType.STRING, 2, Metric.L2, List.of(new Attribute("name", AttributeType.STRING)));
  private static final Model MODEL =
      Model.of(Metric.L2, 2, new float[] {0, 0, 1, 1}, new Quantizer.None());

  private final FeatureBuffer buffer = new FeatureBuffer(new MemoryStorage(), SCHEMA, MODEL);

  @Test
  void theEstimateCountsVectorsAndTexts() {
    buffer.add(feature("a", 1, ""));
    long small = buffer.estimatedBytes();
    buffer.add(feature("a".repeat(1001), 1, "n".repeat(5000)));

    assertThat(small).isBetween(100L, 1000L);
    assertThat(buffer.estimatedBytes()).isEqualTo(2 * small + 1000 + 5000);
  }

  @Test
  void theEstimateCountsOnlyTheNewestVersionOfAnId() throws IOException {
    buffer.add(feature("a", 1, ""));
    long small = buffer.estimatedBytes();
    buffer.add(feature("a", 3, "n".repeat(5000)));
    buffer.add(feature("a", 2, "n".repeat(9000)));
    assertThat(buffer.estimatedBytes()).isEqualTo(small + 5000);

    buffer.add(Feature.delete(FeatureId.of("a"), 4, 0));
    assertThat(buffer.estimatedBytes()).isLessThan(small);

    assertThat(buffer.flush()).hasValueSatisfying(s -> assertThat(s.deletes()).isEqualTo(1));
    assertThat(buffer.estimatedBytes()).isZero();
  }

  private static Feature feature(String id, long order, String name) {
    return new Feature(FeatureId.of(id), new float[] {1, 2}, order, 0, new Object[] {name});
  }
}
