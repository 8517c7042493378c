package io.tarn.flink;

import static org.assertj.core.api.Assertions.assertThat;

import io.tarn.index.feature.Feature;
import io.tarn.index.feature.FeatureId;
import java.io.IOException;
import java.time.Instant;
import java.util.stream.Stream;
import org.apache.flink.core.memory.DataInputDeserializer;
import org.apache.flink.core.memory.DataOutputSerializer;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

class PositionedFeatureSerializerTest {
  @ParameterizedTest
  @MethodSource("records")
  void aRecordSurvivesItsBytes(PositionedFeature record) throws IOException {
    PositionedFeatureSerializer serializer = PositionedFeatureSerializer.INSTANCE;
    DataOutputSerializer first = new DataOutputSerializer(16);
    DataOutputSerializer second = new DataOutputSerializer(16);

    serializer.serialize(record, first);
    serializer.copy(new DataInputDeserializer(first.getSharedBuffer()), second);
    DataInputDeserializer in =
        new DataInputDeserializer(second.getSharedBuffer(), 0, second.length());
    PositionedFeature read = serializer.deserialize(in);

    assertThat(read).usingRecursiveComparison().isEqualTo(record);
    assertThat(in.available()).isZero();
  }

  static Stream<PositionedFeature> records() {
    Object[] attributes = {
      null, "größe".repeat(50_000), Long.MIN_VALUE, -0.5, true, Instant.ofEpochSecond(-5, 123_000)
    };
    return Stream.of(
        new PositionedFeature("kafka:t", 3, 1L << 40, -1, null),
        new PositionedFeature("kafka:t", 3, 7, 8, Feature.delete(FeatureId.of("ü"), -2, 7)),
        new PositionedFeature("kafka:t", 3, 7, 8, Feature.delete(FeatureId.of(-9), 2, 7)),
        new PositionedFeature(
            "kafka:t",
            3,
            7,
            8,
            new Feature(FeatureId.of(5), new float[] {1.5f, -2, 0}, 1, 7, attributes)));
  }
}
