package io.tarn.index.segment;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.tarn.index.feature.AnyFeature;
import io.tarn.index.feature.AttributeType;
import io.tarn.index.feature.FeatureId;
import io.tarn.index.feature.IdType;
import java.math.BigInteger;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.EdgeCasesMode;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class AttributeColumnTest {
  private static final int MAX_ROWS = 200;

  private record Values(AttributeType type, List<Object> rows) {}

  /** Of few values, so that texts repeat, or of many. */
  @Provide
  Arbitrary<Values> values() {
    return Arbitraries.of(AttributeType.values())
        .flatMap(
            type ->
                Arbitraries.integers()
                    .between(1, 40)
                    .flatMap(AnyFeature.value(type).list()::ofSize)
                    .flatMap(pool -> Arbitraries.of(pool).list().ofMaxSize(MAX_ROWS))
                    .map(rows -> new Values(type, rows)));
  }

  @Property(tries = 300, edgeCases = EdgeCasesMode.NONE)
  void everyValueIsGivenBack(@ForAll("values") Values values) {
    AttributeColumn column = column(values.type(), values.rows());

    assertThat(column.size()).isEqualTo(values.rows().size());
    for (int row = 0; row < column.size(); row++) {
      assertThat(column.get(row)).isEqualTo(values.rows().get(row));
      assertThat(column.isNull(row)).isEqualTo(values.rows().get(row) == null);
    }
    int words = values.rows().contains(null) ? (column.size() + 63) / 64 : 0;
    assertThat(column.nulls()).hasSize(words);
  }

  @Property
  void keysOrderAsTheirDoubles(@ForAll double one, @ForAll double other) {
    long key = AttributeColumn.Numbers.keyOf(one);
    long otherKey = AttributeColumn.Numbers.keyOf(other);

    assertThat(Integer.signum(Long.compare(key, otherKey)))
        .isEqualTo(Integer.signum(Double.compare(one, other)));
  }

  @Test
  void keysOrderTheOddDoubles() {
    double[] ascending = {
      Double.NEGATIVE_INFINITY,
      -Double.MAX_VALUE,
      -Double.MIN_VALUE,
      -0.0,
      0.0,
      Double.MIN_VALUE,
      Double.MAX_VALUE,
      Double.POSITIVE_INFINITY,
      Double.NaN
    };

    assertThat(Arrays.stream(ascending).mapToLong(AttributeColumn.Numbers::keyOf).toArray())
        .isSorted()
        .doesNotHaveDuplicates();
    assertThat(column(AttributeType.DOUBLE, List.of(Double.NaN, -0.0, 0.0)))
        .satisfies(column -> assertThat(column.get(0)).isEqualTo(Double.NaN))
        .satisfies(column -> assertThat(column.get(1)).isEqualTo(-0.0))
        .satisfies(column -> assertThat(column.get(2)).isEqualTo(0.0));
  }

  /** As many bytes a row as the codes take, and none for a dictionary that does not pay. */
  @ParameterizedTest
  @CsvSource({
    "1, 1000, Bytes",
    "256, 1000, Bytes",
    "257, 1000, Shorts",
    "65536, 200000, Shorts",
    "65537, 200000, Ints"
  })
  void textsThatRepeatBecomeCodes(int distinct, int rows, String codes) {
    List<Object> values = new ArrayList<>();
    for (int row = 0; row < rows; row++) {
      values.add("text number " + row % distinct);
    }

    AttributeColumn column = column(AttributeType.STRING, values);

    assertThat(((AttributeColumn.CodedTexts) column).codes().getClass().getSimpleName())
        .isEqualTo(codes);
    for (int row = 0; row < rows; row++) {
      assertThat(column.get(row)).isEqualTo(values.get(row));
    }
  }

  @Test
  void textsThatDoNotRepeatStandForThemselves() {
    List<Object> values = new ArrayList<>();
    for (int row = 0; row < 1000; row++) {
      values.add(row % 10 == 0 ? null : "text number " + row);
    }

    AttributeColumn column = column(AttributeType.STRING, values);

    assertThat(column).isInstanceOf(AttributeColumn.Texts.class);
    for (int row = 0; row < column.size(); row++) {
      assertThat(column.get(row)).isEqualTo(values.get(row));
    }
  }

  @Test
  void idsAreValuesToo() {
    IdColumn.Builder texts = new IdColumn.Builder(IdType.STRING, 1);
    texts.add("größe".getBytes(UTF_8));
    texts.add("x".getBytes(UTF_8));

    assertThat(texts.build().values().get(0)).isEqualTo("größe");
    assertThat(texts.build().values().get(1)).isEqualTo("x");
    assertThat(IdColumn.single(FeatureId.of(-7)).values().get(0)).isEqualTo(-7L);
  }

  @Test
  void aValueOfAnotherTypeIsRefused() {
    AttributeColumn.Builder builder = new AttributeColumn.Builder(AttributeType.DOUBLE, 1);

    assertThatThrownBy(() -> builder.add(1L))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage("a long in a column of type double");
  }

  private static AttributeColumn column(AttributeType type, List<Object> values) {
    AttributeColumn.Builder builder = new AttributeColumn.Builder(type, values.size() / 2);
    for (Object value : values) {
      if (value == null) {
        builder.addNull();
        continue;
      }
      switch (type) {
        case STRING -> builder.add(((String) value).getBytes(UTF_8));
        case LONG -> builder.add((long) value);
        case DOUBLE -> builder.add((double) value);
        case BOOLEAN -> builder.add((boolean) value);
        case TIMESTAMP -> builder.add(micros((Instant) value));
      }
    }
    return builder.build();
  }

  /** Of the earliest instant too, for which {@link Instant#until} overflows. */
  private static long micros(Instant instant) {
    return BigInteger.valueOf(instant.getEpochSecond())
        .multiply(BigInteger.valueOf(1_000_000))
        .add(BigInteger.valueOf(instant.getNano() / 1_000))
        .longValueExact();
  }
}
