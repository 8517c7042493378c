package io.tarn.index.filter;

import static org.assertj.core.api.Assertions.assertThat;

import io.tarn.index.centroid.TestModels;
import io.tarn.index.feature.Feature;
import io.tarn.index.feature.FeatureId;
import io.tarn.index.feature.IdType;
import io.tarn.index.feature.Schema;
import io.tarn.index.format.SegmentReader;
import io.tarn.index.format.SegmentWriter;
import io.tarn.index.segment.Segment;
import io.tarn.index.storage.MemoryStorage;
import io.tarn.index.storage.Storage;
import java.io.IOException;
import java.math.BigDecimal;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.BitSet;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;

/** Any filter on any rows, against a row-at-a-time evaluation that shares nothing with it. */
class FilterPropertyTest {
  private static final int MAX_ROWS = 200;
  private static final int FILTERS = 20;

  @Property(tries = 100)
  void aFilterIsReadBackFromWhatItPrints(@ForAll Random random) {
    AnyFilter any = new AnyFilter(random);
    Schema schema = any.schema();
    for (int i = 0; i < FILTERS; i++) {
      Filter filter = any.filter(schema);

      Filter parsed = Filter.parse(filter.toString(), schema);

      assertThat(parsed).isEqualTo(filter).hasSameHashCodeAs(filter).hasToString(filter.toString());
    }
  }

  @Property(tries = 150)
  void theBitmapHoldsTheRowsForWhichTheFilterIsTrue(@ForAll Random random) throws IOException {
    AnyFilter any = new AnyFilter(random);
    Schema schema = any.schema();
    List<Feature> rows = rows(any, schema, random);
    Segment segment = segment(schema, rows);
    for (int i = 0; i < FILTERS; i++) {
      Filter filter = any.filter(schema);
      BitSet expected = new BitSet();
      for (int row = 0; row < rows.size(); row++) {
        Feature feature = rows.get(row);
        expected.set(
            row, !feature.deleted() && Oracle.evaluate(filter, schema, feature).orElse(false));
      }

      long[] matching = filter.bind(schema).matching(segment);

      assertThat(matching).hasSize((rows.size() + 63) / 64);
      assertThat(BitSet.valueOf(matching)).as("%s", filter).isEqualTo(expected);
    }
  }

  /** Deletes first; in half of the attributes a quarter of the values is null. */
  private static List<Feature> rows(AnyFilter any, Schema schema, Random random) {
    int count = 1 + random.nextInt(MAX_ROWS);
    int deletes = random.nextBoolean() ? 0 : random.nextInt(count + 1);
    boolean[] nullable = new boolean[schema.attributes().size()];
    for (int i = 0; i < nullable.length; i++) {
      nullable[i] = random.nextBoolean();
    }
    List<Feature> rows = new ArrayList<>();
    for (int row = 0; row < count; row++) {
      Object id = any.value(AnyFilter.idType(schema));
      FeatureId featureId =
          id instanceof Long number
              ? FeatureId.of(number)
              : FeatureId.of(id.equals("") ? "a" : "" + id);
      Object[] values = new Object[nullable.length];
      for (int i = 0; i < values.length; i++) {
        boolean isNull = nullable[i] && random.nextInt(4) == 0;
        values[i] = isNull ? null : any.value(schema.attributes().get(i).type());
      }
      rows.add(
          row < deletes
              ? Feature.delete(featureId, row, row)
              : new Feature(featureId, new float[] {1}, row, row, values));
    }
    return rows;
  }

  private static Segment segment(Schema schema, List<Feature> rows) throws IOException {
    Storage storage = new MemoryStorage();
    try (SegmentWriter writer = new SegmentWriter(storage, schema, TestModels.anyOf(schema))) {
      for (Feature row : rows) {
        if (row.deleted()) {
          writer.addDelete(row);
        } else {
          writer.add(0, row);
        }
      }
      return SegmentReader.read(storage, writer.finish(), schema);
    }
  }

  /** Three-valued logic by the book, on objects; unknown is empty. */
  private static final class Oracle {
    static Optional<Boolean> evaluate(Filter filter, Schema schema, Feature row) {
      if (filter instanceof Filter.And and) {
        return fold(and.terms(), schema, row, false);
      } else if (filter instanceof Filter.Or or) {
        return fold(or.terms(), schema, row, true);
      } else if (filter instanceof Filter.Not not) {
        return evaluate(not.term(), schema, row).map(truth -> !truth);
      } else if (filter instanceof Filter.IsNull isNull) {
        return Optional.of(value(schema, row, isNull.name()) == null);
      } else if (filter instanceof Filter.In in) {
        Object value = value(schema, row, in.name());
        return value == null
            ? Optional.empty()
            : Optional.of(in.literals().stream().anyMatch(literal -> compare(value, literal) == 0));
      }
      Filter.Comparison comparison = (Filter.Comparison) filter;
      Object value = value(schema, row, comparison.name());
      if (value == null) {
        return Optional.empty();
      }
      int sign = compare(value, comparison.literal());
      return Optional.of(
          switch (comparison.operator()) {
            case EQUAL -> sign == 0;
            case NOT_EQUAL -> sign != 0;
            case LESS -> sign < 0;
            case AT_MOST -> sign <= 0;
            case GREATER -> sign > 0;
            case AT_LEAST -> sign >= 0;
          });
    }

    /** One decisive term decides; else one unknown term makes it unknown. */
    private static Optional<Boolean> fold(
        List<Filter> terms, Schema schema, Feature row, boolean decisive) {
      boolean unknown = false;
      for (Filter term : terms) {
        Optional<Boolean> truth = evaluate(term, schema, row);
        if (truth.isPresent() && truth.get() == decisive) {
          return truth;
        }
        unknown |= truth.isEmpty();
      }
      return unknown ? Optional.empty() : Optional.of(!decisive);
    }

    private static Object value(Schema schema, Feature row, String name) {
      if (!name.equals("id")) {
        return row.attributes()[schema.attributeIndex(name)];
      }
      return schema.idType() == IdType.INT64
          ? (Object) Long.parseLong(row.id().toString())
          : row.id().toString();
    }

    private static int compare(Object value, Literal literal) {
      if (literal instanceof Literal.Text text) {
        return Arrays.compareUnsigned(
            ((String) value).getBytes(StandardCharsets.UTF_8),
            text.value().getBytes(StandardCharsets.UTF_8));
      } else if (literal instanceof Literal.Truth truth) {
        return Boolean.compare((Boolean) value, truth.value());
      } else if (literal instanceof Literal.Time time) {
        return ((Instant) value).compareTo(time.value());
      } else if (literal instanceof Literal.Whole whole) {
        return compare(value, new BigDecimal(whole.value()));
      }
      BigDecimal decimal = ((Literal.Decimal) literal).value();
      boolean nearest = value instanceof Double && Double.isFinite(decimal.doubleValue());
      return compare(value, nearest ? new BigDecimal(decimal.doubleValue()) : decimal);
    }

    private static int compare(Object value, BigDecimal number) {
      if (value instanceof Double d && !Double.isFinite(d)) {
        return d == Double.NEGATIVE_INFINITY ? -1 : 1;
      }
      return exact(value).compareTo(number);
    }

    private static BigDecimal exact(Object number) {
      return number instanceof Double d ? new BigDecimal(d) : new BigDecimal((Long) number);
    }
  }
}
