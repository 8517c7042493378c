package io.tarn.index.format;

import static org.assertj.core.api.Assertions.assertThat;

import io.tarn.index.centroid.TestModels;
import io.tarn.index.feature.AnyFeature;
import io.tarn.index.feature.Attribute;
import io.tarn.index.feature.AttributeType;
import io.tarn.index.feature.Feature;
import io.tarn.index.feature.FeatureId;
import io.tarn.index.feature.IdType;
import io.tarn.index.feature.Metric;
import io.tarn.index.feature.Schema;
import io.tarn.index.segment.Segment;
import io.tarn.index.snapshot.SegmentRef;
import io.tarn.index.storage.MemoryStorage;
import io.tarn.index.storage.Storage;
import java.io.IOException;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Random;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.Combinators;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class SegmentRoundTripTest {
  private record Row(int list, Feature feature) {}

  private record Rows(Schema schema, List<Row> rows) {}

  @Provide
  Arbitrary<Rows> rows() {
    return AnyFeature.schema()
        .flatMap(
            schema ->
                Combinators.combine(
                        Arbitraries.integers().between(0, 5), AnyFeature.feature(schema))
                    .as((list, feature) -> new Row(feature.deleted() ? -1 : list, feature))
                    .list()
                    .ofMinSize(1)
                    .ofMaxSize(20)
                    .map(rows -> new Rows(schema, sorted(rows))));
  }

  private static List<Row> sorted(List<Row> rows) {
    List<Row> sorted = new ArrayList<>(rows);
    sorted.sort(Comparator.comparingInt(Row::list));
    return sorted;
  }

  @Property(tries = 300)
  void whatIsWrittenIsReadBackBitForBit(@ForAll("rows") Rows rows) throws IOException {
    Storage storage = new MemoryStorage();
    SegmentRef ref = write(storage, rows.schema(), rows.rows());

    assertHolds(SegmentReader.read(storage, ref, rows.schema()), rows);
  }

  /** Lists from a single row to many pages; dimensions from a page's rows to a page for each. */
  @ParameterizedTest
  @CsvSource({"1, 100000", "3, 20000", "128, 5000", "784, 800", "65536, 12"})
  void listsOfAnyLengthAreReadBack(int dimension, int count) throws IOException {
    Schema schema = new Schema(IdType.INT64, dimension, Metric.L2, List.of());
    Random random = new Random(dimension);
    List<Row> rows = new ArrayList<>();
    for (int i = 0; i < 10; i++) {
      rows.add(new Row(-1, Feature.delete(FeatureId.of(-1L - i), i, i)));
    }
    int list = 0;
    for (int i = 0; i < count; i++) {
      list += random.nextInt(1 + count / 40) == 0 ? 1 + random.nextInt(3) : 0;
      float[] vector = new float[dimension];
      for (int d = 0; d < dimension; d++) {
        vector[d] = random.nextFloat();
      }
      rows.add(new Row(list, new Feature(FeatureId.of(i), vector, i, i, new Object[0])));
    }
    Storage storage = new MemoryStorage();
    SegmentRef ref = write(storage, schema, rows);

    assertHolds(SegmentReader.read(storage, ref, schema), new Rows(schema, rows));
  }

  @Test
  void instantsKeepTheirMicroseconds() throws IOException {
    Schema schema =
        new Schema(
            IdType.INT64, 1, Metric.L2, List.of(new Attribute("at", AttributeType.TIMESTAMP)));
    Instant instant = Instant.parse("1969-12-31T23:59:59.999999999Z");
    Row row =
        new Row(0, new Feature(FeatureId.of(1), new float[] {1}, 0, 0, new Object[] {instant}));
    Storage storage = new MemoryStorage();

    Segment segment = SegmentReader.read(storage, write(storage, schema, List.of(row)), schema);

    assertThat(segment.attributes().get(0).get(0))
        .isEqualTo(Instant.parse("1969-12-31T23:59:59.999999Z"));
  }

  private static SegmentRef write(Storage storage, Schema schema, List<Row> rows)
      throws IOException {
    int[] lists = rows.stream().mapToInt(Row::list).filter(l -> l >= 0).distinct().toArray();
    try (SegmentWriter writer =
        new SegmentWriter(storage, schema, TestModels.withLists(schema, lists))) {
      for (Row row : rows) {
        if (row.feature().deleted()) {
          writer.addDelete(row.feature());
        } else {
          writer.add(row.list(), row.feature());
        }
      }
      return writer.finish();
    }
  }

  private static void assertHolds(Segment segment, Rows expected) {
    List<Row> rows = expected.rows();
    assertThat(segment.rowCount()).isEqualTo(rows.size());
    long minOrder = Long.MAX_VALUE;
    long maxOrder = Long.MIN_VALUE;
    for (int i = 0; i < rows.size(); i++) {
      Feature feature = rows.get(i).feature();
      Feature found = segment.feature(i);
      assertThat(segment.lists().listOf(i)).isEqualTo(rows.get(i).list());
      assertThat(segment.isDelete(i)).isEqualTo(feature.deleted());
      assertThat(found.id()).isEqualTo(feature.id());
      assertThat(found.order()).isEqualTo(feature.order());
      assertThat(found.position()).isEqualTo(feature.position());
      assertThat(found.attributes()).isEqualTo(feature.attributes());
      assertThat(bits(found.vector())).isEqualTo(bits(feature.vector()));
      minOrder = Math.min(minOrder, feature.order());
      maxOrder = Math.max(maxOrder, feature.order());
    }
    assertThat(segment.ref().minOrder()).isEqualTo(minOrder);
    assertThat(segment.ref().maxOrder()).isEqualTo(maxOrder);
    assertThat(segment.ref().deletes())
        .isEqualTo(rows.stream().filter(row -> row.feature().deleted()).count());
  }

  /** The bits: {@code ==} does not see the sign of a zero. */
  private static int[] bits(float[] vector) {
    if (vector == null) {
      return null;
    }
    int[] bits = new int[vector.length];
    for (int i = 0; i < bits.length; i++) {
      bits[i] = Float.floatToRawIntBits(vector[i]);
    }
    return bits;
  }
}
