package io.tarn.index.search;

import static io.tarn.index.search.TestIndexes.feature;
import static org.assertj.core.api.Assertions.assertThat;

import io.tarn.index.centroid.Model;
import io.tarn.index.feature.Feature;
import io.tarn.index.feature.FeatureId;
import io.tarn.index.feature.IdType;
import io.tarn.index.feature.Metric;
import io.tarn.index.feature.Schema;
import io.tarn.index.feature.VectorRules;
import io.tarn.index.kernel.Kernels;
import io.tarn.index.quantize.Quantizer;
import io.tarn.index.storage.MemoryStorage;
import io.tarn.index.storage.Storage;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.SplittableRandom;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.Combinators;
import net.jqwik.api.EdgeCasesMode;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;
import net.jqwik.api.Tuple;
import net.jqwik.api.lifecycle.AfterProperty;

/**
 * Searches through codes against brute force over a plain map: rows in clusters with ties and exact
 * duplicates; lists of many rows, of one, of none; several segments with superseded and deleted
 * rows; rows that are whole numbers in one segment and fractions or huge in the next.
 */
class CodedSearchTest {
  private static final int QUERIES = 4;
  private static final int DELETED_OF_100 = 15;
  private static final int DUPLICATES_OF_100 = 20;

  /**
   * Up to here the bound of codes of signs cannot be broken. What a code leaves out has length √(d
   * - 1) standard errors, all along the query at worst; roundings of tables add up to √d standard
   * errors at most; together that is √(2d - 1), of which the bound allows {@link
   * CodeBlocks#errors}.
   */
  private static final int MAX_CERTAIN_DIMENSION = 3;

  /** Of statistics: what is right fails once in 30,000 times. */
  private static final double MARGIN = 4;

  /** What searches of all lists found where the bounds are equally many standard errors wide. */
  private static final class Tally {
    private final double promised;
    private long hitsWanted;
    private long hitsMissed;

    /**
     * @param promised with which probability the farthest hit may be missed; nearer ones are more
     *     seldom
     */
    Tally(double promised) {
      this.promised = promised;
    }

    double most() {
      double expected = hitsWanted * promised;
      return expected + MARGIN * Math.sqrt(expected);
    }
  }

  private final Tally fewDimensions = new Tally(0.0062);
  private final Tally manyDimensions = new Tally(0.0228);

  /** What the values of a segment's vectors are like. */
  private enum Values {
    FRACTIONS(1),
    TIGHT(1e-3f),
    BYTES(20),
    HUGE(1e30f);

    private final float noise;

    Values(float noise) {
      this.noise = noise;
    }
  }

  /**
   * @param rows of each segment; the first creates the index, the others change it
   * @param lists how many lists, some of which may be empty
   */
  private record Scenario(
      Metric metric,
      Quantizer quantizer,
      int dimension,
      int lists,
      List<Integer> rows,
      List<Values> values,
      long seed) {}

  @Provide
  Arbitrary<Scenario> scenarios() {
    Arbitrary<Integer> dimensions =
        Arbitraries.frequencyOf(
            Tuple.of(12, Arbitraries.integers().between(1, 40)),
            Tuple.of(3, Arbitraries.integers().between(64, 130)));
    Arbitrary<Integer> lists =
        Arbitraries.frequencyOf(
            Tuple.of(3, Arbitraries.integers().between(1, 12)),
            Tuple.of(1, Arbitraries.integers().between(65, 150)));
    return Combinators.combine(
            Arbitraries.of(Metric.values()),
            Arbitraries.of(Quantizer.all()),
            dimensions,
            lists,
            Arbitraries.integers().between(1, 200).list().ofMinSize(1).ofMaxSize(4),
            Arbitraries.of(Values.values()).list().ofSize(4),
            Arbitraries.longs())
        .as(Scenario::new);
  }

  @Property(tries = 120, edgeCases = EdgeCasesMode.NONE)
  void hitsAreThoseOfBruteForce(@ForAll("scenarios") Scenario scenario) throws Exception {
    Schema schema = new Schema(IdType.INT64, scenario.dimension(), scenario.metric(), List.of());
    Map<FeatureId, float[]> live = new HashMap<>();
    Storage storage = new MemoryStorage();
    SplittableRandom random = new SplittableRandom(scenario.seed());
    List<float[]> vectors = write(storage, schema, scenario, random, live);
    VectorTier tier = random.nextBoolean() ? VectorTier.MEMORY : VectorTier.REMOTE;
    IndexReader reader = IndexReader.open(storage, OpenOptions.defaults().withTier(tier));
    assertThat(reader.view().liveRowCount()).isEqualTo(live.size());

    for (int q = 0; q < QUERIES; q++) {
      float[] query = noisy(vectors, q % 2 == 0 ? 0 : 0.1f, random);
      List<Hit> expected = bruteForce(schema, live, query);
      int k = random.nextInt(10) == 0 ? live.size() + 1 : random.nextInt(1, 20);
      int count = Math.min(k, live.size());
      assertThat(ranked(reader.search(query, k, Probe.exact())))
          .isEqualTo(ranked(expected.subList(0, count)));
      int nprobe = random.nextInt(1, scenario.lists() + 1);
      assertSound(reader.search(query, k, Probe.nearest(nprobe)).hits(), count, expected);
      List<Hit> ofAllLists = reader.search(query, k, Probe.nearest(scenario.lists())).hits();
      assertSound(ofAllLists, count, expected);
      countMissed(scenario, ofAllLists, expected.subList(0, count));
    }
  }

  @AfterProperty
  void hitsAreMissedAsSeldomAsTheBoundPromises() {
    for (Tally tally : List.of(fewDimensions, manyDimensions)) {
      System.out.printf(
          "Searches of all lists missed %d of %d hits%n", tally.hitsMissed, tally.hitsWanted);
      assertThat((double) tally.hitsMissed).isLessThanOrEqualTo(tally.most());
    }
  }

  /** Every hit is live and states its true distance, none is there twice, none is lacking. */
  private static void assertSound(List<Hit> hits, int count, List<Hit> expected) {
    Map<FeatureId, Float> distances = new HashMap<>();
    expected.forEach(hit -> distances.put(hit.id(), hit.distance()));
    Set<FeatureId> ids = new HashSet<>();
    for (Hit hit : hits) {
      assertThat(ids.add(hit.id())).as("%s is there once", hit.id()).isTrue();
      assertThat(hit.distance())
          .as("the distance of %s", hit.id())
          .isEqualTo(distances.get(hit.id()));
    }
    assertThat(hits).isSortedAccordingTo(BY_DISTANCE);
    assertThat(hits).hasSize(count);
  }

  private void countMissed(Scenario scenario, List<Hit> hits, List<Hit> expected) {
    Set<FeatureId> found = new HashSet<>();
    hits.forEach(hit -> found.add(hit.id()));
    long missed = expected.stream().filter(hit -> !found.contains(hit.id())).count();
    boolean isCertain = !(scenario.quantizer() instanceof Quantizer.RaBitQ);
    if (isCertain || scenario.dimension() <= MAX_CERTAIN_DIMENSION) {
      assertThat(ranked(hits)).isEqualTo(ranked(expected));
    }
    if (isCertain) {
      return;
    }
    Tally tally =
        CodeBlocks.errors(scenario.dimension()) == CodeBlocks.errors(1)
            ? fewDimensions
            : manyDimensions;
    tally.hitsWanted += expected.size();
    tally.hitsMissed += missed;
  }

  private static final Comparator<Hit> BY_DISTANCE =
      Comparator.comparingDouble(Hit::distance).thenComparing(Hit::id);

  /** All live rows, the nearest first, with the distances that the kernels compute. */
  private static List<Hit> bruteForce(Schema schema, Map<FeatureId, float[]> live, float[] asked)
      throws Exception {
    float[] query = VectorRules.accept(schema, asked);
    List<Hit> hits = new ArrayList<>();
    live.forEach(
        (id, vector) -> {
          float product = Kernels.best().dot(query, 0, vector, 0, query.length);
          float distance =
              switch (schema.metric()) {
                case L2 -> Kernels.best().squaredL2(query, 0, vector, 0, query.length);
                case COSINE -> Math.max(0, 1 - product);
                case INNER_PRODUCT -> Float.isNaN(product) ? Float.POSITIVE_INFINITY : 0 - product;
              };
          hits.add(new Hit(id, distance, Map.of()));
        });
    hits.sort(BY_DISTANCE);
    return hits;
  }

  private static List<String> ranked(SearchResult result) {
    return ranked(result.hits());
  }

  private static List<String> ranked(List<Hit> hits) {
    return hits.stream().map(hit -> hit.id() + " at " + hit.distance()).toList();
  }

  /** Writes the scenario's segments; returns all vectors that were ever written. */
  private static List<float[]> write(
      Storage storage,
      Schema schema,
      Scenario scenario,
      SplittableRandom random,
      Map<FeatureId, float[]> live)
      throws Exception {
    List<float[]> vectors = new ArrayList<>();
    for (int s = 0; s < scenario.rows().size(); s++) {
      List<Feature> changes = new ArrayList<>();
      Clusters clusters = new Clusters(scenario.values().get(s), schema.dimension(), random);
      for (int i = 0; i < scenario.rows().get(s); i++) {
        boolean fresh = s == 0 || random.nextBoolean();
        long id = fresh ? vectors.size() : random.nextInt(vectors.size());
        if (s > 0 && random.nextInt(100) < DELETED_OF_100) {
          changes.add(Feature.delete(FeatureId.of(id), s, i));
        } else {
          boolean duplicate = !vectors.isEmpty() && random.nextInt(100) < DUPLICATES_OF_100;
          float[] vector =
              duplicate ? vectors.get(random.nextInt(vectors.size())) : clusters.next(random);
          changes.add(feature(schema, id, vector, s));
          vectors.add(vector);
        }
      }
      Map<FeatureId, Feature> newest = new HashMap<>();
      changes.forEach(
          change ->
              newest.merge(change.id(), change, (old, next) -> next.supersedes(old) ? next : old));
      newest.forEach(
          (id, change) -> {
            if (change.deleted()) {
              live.remove(id);
            } else {
              live.put(id, change.vector());
            }
          });
      if (s == 0) {
        TestIndexes.create(storage, schema, model(schema, scenario, vectors, random), changes);
      } else {
        TestIndexes.append(storage, changes);
      }
    }
    return vectors;
  }

  /** Centroids near rows, on rows, and where there are none. */
  private static Model model(
      Schema schema, Scenario scenario, List<float[]> vectors, SplittableRandom random)
      throws Exception {
    float[] centroids = new float[scenario.lists() * schema.dimension()];
    for (int list = 0; list < scenario.lists(); list++) {
      float[] noise = {0, 0.03f, 3};
      float[] centroid =
          VectorRules.accept(schema, noisy(vectors, noise[random.nextInt(3)], random));
      System.arraycopy(centroid, 0, centroids, list * centroid.length, centroid.length);
    }
    return Model.of(schema.metric(), schema.dimension(), centroids, scenario.quantizer());
  }

  private static float[] noisy(List<float[]> vectors, float noise, SplittableRandom random) {
    float[] vector = vectors.get(random.nextInt(vectors.size())).clone();
    for (int i = 0; i < vector.length; i++) {
      vector[i] *= (float) (1 + noise * random.nextDouble(-1, 1));
    }
    return vector;
  }

  private static final class Clusters {
    private final Values values;
    private final float[][] centres;

    Clusters(Values values, int dimension, SplittableRandom random) {
      this.values = values;
      this.centres = new float[random.nextInt(1, 6)][dimension];
      for (float[] centre : centres) {
        for (int i = 0; i < dimension; i++) {
          centre[i] = values == Values.BYTES ? random.nextInt(20, 236) : random.nextFloat() - 0.5f;
        }
      }
    }

    float[] next(SplittableRandom random) {
      float[] vector = centres[random.nextInt(centres.length)].clone();
      boolean huge = values == Values.HUGE && random.nextInt(20) == 0;
      float noise = values == Values.HUGE && !huge ? 1 : values.noise;
      for (int i = 0; i < vector.length; i++) {
        float moved = vector[i] + noise * (float) random.nextDouble(-1, 1);
        vector[i] = values == Values.BYTES ? Math.round(moved) : moved;
      }
      // A zero vector has no direction.
      vector[0] = vector[0] == 0 ? 1 : vector[0];
      return vector;
    }
  }
}
