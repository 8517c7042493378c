package io.tarn.index.search;

import static org.assertj.core.api.Assertions.assertThat;

import io.tarn.index.feature.Attribute;
import io.tarn.index.feature.AttributeType;
import io.tarn.index.feature.Feature;
import io.tarn.index.feature.FeatureId;
import io.tarn.index.feature.IdType;
import io.tarn.index.feature.Metric;
import io.tarn.index.feature.Schema;
import io.tarn.index.filter.Filter;
import io.tarn.index.quantize.Quantizer;
import io.tarn.index.storage.MemoryStorage;
import io.tarn.index.storage.Storage;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.LongRange;

/** Every option of a query, and every combination of them, against a plain list of features. */
class QueryPropertyTest {
  private static final int COLOURS = 3;

  @Property(tries = 60)
  void answersAreThoseOfAPlainList(@ForAll @LongRange(min = 0, max = 1L << 40) long seed)
      throws Exception {
    Random random = new Random(seed);
    int dimension = 1 + random.nextInt(20);
    Metric metric = Metric.values()[random.nextInt(Metric.values().length)];
    Schema schema =
        new Schema(
            IdType.INT64,
            dimension,
            metric,
            List.of(
                new Attribute("colour", AttributeType.LONG),
                new Attribute("rank", AttributeType.LONG)));
    Storage storage = new MemoryStorage();
    List<Feature> features = new ArrayList<>();
    int rows = 1 + random.nextInt(700);
    for (int i = 0; i < rows; i++) {
      features.add(feature(i, vector(random, dimension), random.nextInt(COLOURS), i));
    }
    Quantizer quantizer = Quantizer.all().get(random.nextInt(Quantizer.all().size()));
    TestIndexes.create(storage, schema, 1 + random.nextInt(30), features, quantizer);
    Map<FeatureId, Feature> live = new HashMap<>();
    features.forEach(feature -> live.put(feature.id(), feature));
    VectorTier tier = random.nextBoolean() ? VectorTier.MEMORY : VectorTier.REMOTE;
    IndexReader reader = IndexReader.open(storage, OpenOptions.defaults().withTier(tier));
    for (int round = 0; round < 2; round++) {
      List<Query> queries = new ArrayList<>();
      for (int q = 0; q < 12; q++) {
        queries.add(query(random, dimension));
      }
      List<SearchResult> together = reader.view().search(queries);
      for (int q = 0; q < queries.size(); q++) {
        SearchResult alone = reader.view().search(queries.get(q));
        check(queries.get(q), alone, reader.view(), live.values());
        check(queries.get(q), together.get(q), reader.view(), live.values());
      }
    }
  }

  private static Query query(Random random, int dimension) {
    float[] vector = vector(random, dimension);
    Query query =
        random.nextInt(4) == 0
            ? Query.within(vector, random.nextInt(40))
            : Query.nearest(vector, 1 + random.nextInt(random.nextBoolean() ? 5 : 300));
    if (random.nextInt(5) == 0) {
      query = query.withRadius(random.nextInt(60) - 5);
    }
    switch (random.nextInt(4)) {
      case 0 -> query = query.where(Filter.equal("colour", (long) random.nextInt(COLOURS + 1)));
      case 1 -> query = query.where(Filter.less("rank", (long) random.nextInt(40)));
      default -> {}
    }
    return switch (random.nextInt(4)) {
      case 0 -> query.probing(Probe.exact());
      case 1 -> query.probing(Probe.adaptive(1 + random.nextInt(32)));
      case 2 -> query.probing(Probe.nearest(1 + random.nextInt(8)));
      default -> query;
    };
  }

  /** An exact search finds what the plain list has; any other finds only what is true. */
  private static void check(
      Query query, SearchResult result, IndexView view, Iterable<Feature> live) throws Exception {
    Map<FeatureId, Float> distances = new HashMap<>();
    for (Hit hit :
        view.search(Query.nearest(query.vector(), Integer.MAX_VALUE).probing(Probe.exact()))
            .hits()) {
      distances.put(hit.id(), hit.distance());
    }
    List<Hit> expected = new ArrayList<>();
    int fulfilling = 0;
    for (Feature feature : live) {
      assertThat(distances).containsKey(feature.id());
      if (fulfils(query, feature)) {
        fulfilling++;
        if (distances.get(feature.id()) <= query.radius()) {
          expected.add(new Hit(feature.id(), distances.get(feature.id()), Map.of()));
        }
      }
    }
    expected.sort(
        (a, b) ->
            a.distance() != b.distance()
                ? Float.compare(a.distance(), b.distance())
                : a.id().compareTo(b.id()));
    int most = Math.min(query.k(), expected.size());
    List<String> truth = names(expected.subList(0, most));
    List<String> found = names(result.hits());
    if (query.probe(view.model().listCount()) instanceof Probe.Exact) {
      assertThat(found).isEqualTo(truth);
      return;
    }
    if (!found.isEmpty()) {
      assertThat(names(expected)).containsSubsequence(found);
    }
    if (query.radius() == Float.POSITIVE_INFINITY) {
      assertThat(found).hasSize(Math.min(query.k(), fulfilling));
    }
  }

  private static boolean fulfils(Query query, Feature feature) {
    if (query.filter().isEmpty()) {
      return true;
    }
    Filter.Comparison condition = (Filter.Comparison) query.filter().get();
    long bound = Long.parseLong(condition.literal().toString());
    return condition.name().equals("colour")
        ? ((Long) feature.attributes()[0]).equals(bound)
        : (Long) feature.attributes()[1] < bound;
  }

  private static List<String> names(List<Hit> hits) {
    return hits.stream().map(hit -> hit.id() + " at " + hit.distance()).toList();
  }

  private static Feature feature(long id, float[] vector, long colour, long rank) {
    return new Feature(FeatureId.of(id), vector, 1, id, new Object[] {colour, rank});
  }

  /** Whole numbers near a few centres, so that there are ties and duplicates. */
  private static float[] vector(Random random, int dimension) {
    float[] vector = new float[dimension];
    int centre = 1 + random.nextInt(4);
    for (int i = 0; i < dimension; i++) {
      vector[i] = centre * (i % 3) + random.nextInt(3) + 1;
    }
    return vector;
  }
}
