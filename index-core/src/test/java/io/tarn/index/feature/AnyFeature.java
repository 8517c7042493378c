package io.tarn.index.feature;

import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.List;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.Combinators;
import net.jqwik.api.Tuple;

/** Schemas and values for property tests: all that the format must carry, the odd above all. */
public final class AnyFeature {
  private static final long MIN_MICROS = Long.MIN_VALUE;
  private static final long MAX_MICROS = Long.MAX_VALUE;

  private AnyFeature() {}

  /** Text with quotes, NUL, surrogate pairs, combining marks, and text that looks like JSON. */
  public static Arbitrary<String> text() {
    Arbitrary<String> odd =
        Arbitraries.of(
            "\0",
            "a\0b",
            "\"",
            "\\",
            "{\"a\":1}",
            "\u00e4\u0301",
            "\ud83d\ude00",
            "\u202e",
            "\ufeff",
            "\ufffd",
            "\uffff",
            "\udbff\udfff",
            "\u0085\u2028",
            " ",
            "\t\n",
            "null",
            "\ue000");
    Arbitrary<String> plain = Arbitraries.strings().alpha().ofMaxLength(12);
    Arbitrary<String> mixed =
        Arbitraries.of(odd, plain)
            .flatMap(a -> a)
            .list()
            .ofMaxSize(4)
            .map(parts -> String.join("", parts));
    return Arbitraries.frequencyOf(
        Tuple.of(4, plain), Tuple.of(3, mixed), Tuple.of(1, Arbitraries.just("x".repeat(5_000))));
  }

  public static Arbitrary<FeatureId> id(IdType type) {
    return switch (type) {
      case STRING -> text().filter(text -> !text.isEmpty()).map(FeatureId::of);
      case INT64 -> Arbitraries.longs().map(FeatureId::of);
    };
  }

  /** Any finite float: subnormal, negative zero, the largest. */
  public static Arbitrary<Float> component() {
    Arbitrary<Float> bits =
        Arbitraries.integers().map(Float::intBitsToFloat).filter(Float::isFinite);
    Arbitrary<Float> odd =
        Arbitraries.of(
            0f, -0f, Float.MIN_VALUE, Float.MIN_NORMAL, Float.MAX_VALUE, -Float.MAX_VALUE, 1f);
    return Arbitraries.frequencyOf(Tuple.of(3, bits), Tuple.of(1, odd));
  }

  public static Arbitrary<float[]> vector(int dimension) {
    return component().array(float[].class).ofSize(dimension);
  }

  /** Null in a quarter of the cases. */
  public static Arbitrary<Object> value(AttributeType type) {
    Arbitrary<?> values =
        switch (type) {
          case STRING -> text();
          case LONG -> Arbitraries.longs();
          case DOUBLE ->
              Arbitraries.longs().map(Double::longBitsToDouble).filter(d -> !Double.isNaN(d));
          case BOOLEAN -> Arbitraries.of(true, false);
          case TIMESTAMP ->
              Arbitraries.longs()
                  .between(MIN_MICROS, MAX_MICROS)
                  .map(micros -> Instant.EPOCH.plus(micros, ChronoUnit.MICROS));
        };
    return values.map(value -> (Object) value).injectNull(0.25);
  }

  public static Arbitrary<Schema> schema() {
    Arbitrary<List<AttributeType>> types =
        Arbitraries.of(AttributeType.values()).list().ofMaxSize(7);
    return Combinators.combine(
            Arbitraries.of(IdType.values()),
            Arbitraries.oneOf(Arbitraries.integers().between(1, 9), Arbitraries.of(64, 784)),
            Arbitraries.of(Metric.values()),
            types)
        .as(AnyFeature::schema);
  }

  private static Schema schema(
      IdType idType, int dimension, Metric metric, List<AttributeType> types) {
    List<Attribute> attributes = new ArrayList<>();
    for (int i = 0; i < types.size(); i++) {
      String name = i == 0 ? "größe \ud83d\ude00 \"x\"" : "a" + i;
      attributes.add(new Attribute(name, types.get(i)));
    }
    return new Schema(idType, dimension, metric, attributes);
  }

  /** An upsert, or a delete in a fifth of the cases. */
  public static Arbitrary<Feature> feature(Schema schema) {
    Arbitrary<List<Object>> values = Arbitraries.just(List.of());
    for (Attribute attribute : schema.attributes()) {
      values =
          Combinators.combine(values, value(attribute.type()))
              .as(
                  (list, value) -> {
                    List<Object> longer = new ArrayList<>(list);
                    longer.add(value);
                    return longer;
                  });
    }
    return Combinators.combine(
            id(schema.idType()),
            vector(schema.dimension()).injectNull(0.2),
            Arbitraries.longs(),
            Arbitraries.longs(),
            values)
        .as(
            (id, vector, order, position, attributes) ->
                vector == null
                    ? Feature.delete(id, order, position)
                    : new Feature(id, vector, order, position, attributes.toArray()));
  }
}
