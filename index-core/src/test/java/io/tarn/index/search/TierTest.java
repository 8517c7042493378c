package io.tarn.index.search;

import static io.tarn.index.search.TestIndexes.append;
import static io.tarn.index.search.TestIndexes.clustered;
import static io.tarn.index.search.TestIndexes.create;
import static io.tarn.index.search.TestIndexes.feature;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.tarn.index.feature.Feature;
import io.tarn.index.feature.FeatureId;
import io.tarn.index.feature.IdType;
import io.tarn.index.feature.Metric;
import io.tarn.index.feature.Schema;
import io.tarn.index.format.DamagedFileException;
import io.tarn.index.quantize.Quantizer;
import io.tarn.index.snapshot.SegmentRef;
import io.tarn.index.storage.LocalStorage;
import io.tarn.index.storage.MemoryStorage;
import io.tarn.index.storage.Storage;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.reflect.Array;
import java.lang.reflect.Field;
import java.lang.reflect.Modifier;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collection;
import java.util.Collections;
import java.util.Deque;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Random;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;

/** Wherever vectors are: the same answers, damage named, and the memory budget kept. */
class TierTest {
  private static final int MEBIBYTE = 1 << 20;

  private static final Map<Class<?>, Integer> WIDTHS =
      Map.of(
          byte.class, Byte.BYTES,
          int.class, Integer.BYTES,
          float.class, Float.BYTES,
          long.class, Long.BYTES,
          short.class, Short.BYTES);

  @TempDir Path directory;

  private static Schema schema(Metric metric, int dimension) {
    return new Schema(IdType.INT64, dimension, metric, List.of());
  }

  private static List<Feature> features(Schema schema, int firstId, float[][] vectors, long order) {
    List<Feature> features = new ArrayList<>();
    for (int i = 0; i < vectors.length; i++) {
      features.add(feature(schema, firstId + i, vectors[i], order));
    }
    return features;
  }

  /** Three segments: some rows superseded, some deleted, one segment with deletes only. */
  private static void fill(Storage storage, Schema schema, boolean bytes) throws IOException {
    fill(storage, schema, bytes, Quantizer.byDefault());
  }

  private static void fill(Storage storage, Schema schema, boolean bytes, Quantizer quantizer)
      throws IOException {
    int dimension = schema.dimension();
    // Long vectors are there for their pages; a few will do.
    int hundreds = dimension > 1000 ? 15 : 100;
    List<Feature> first = features(schema, 0, vectors(9 * hundreds, dimension, 1, bytes), 1);
    create(storage, schema, 12, first, quantizer);
    List<Feature> second =
        features(schema, 7 * hundreds, vectors(5 * hundreds, dimension, 2, bytes), 2);
    for (long id = 10; id < 60; id++) {
      second.add(Feature.delete(FeatureId.of(id), 2, id));
    }
    append(storage, second);
    append(storage, List.of(Feature.delete(FeatureId.of(70), 3, 1)));
  }

  private static float[][] vectors(int rows, int dimension, long seed, boolean bytes) {
    float[][] vectors = clustered(rows, dimension, seed);
    for (float[] vector : vectors) {
      for (int i = 0; i < dimension && bytes; i++) {
        vector[i] = Math.min(255, Math.max(0, Math.round(128 + 90 * vector[i])));
      }
    }
    return vectors;
  }

  private static OpenOptions options(VectorTier tier) {
    return OpenOptions.defaults().withTier(tier);
  }

  @ParameterizedTest
  @CsvSource({
    "L2, 1, false, rabitq",
    "L2, 20, true, rabitq",
    "L2, 300, false, rabitq",
    "L2, 4100, false, rabitq",
    "COSINE, 20, false, rabitq",
    "INNER_PRODUCT, 129, false, rabitq",
    "L2, 20, false, none",
    "L2, 20, true, rabitq2",
    "COSINE, 129, false, rabitq4",
    "INNER_PRODUCT, 20, false, rabitq8",
    "L2, 20, true, int8",
    "COSINE, 129, false, int8"
  })
  void everyTierGivesTheSameAnswers(Metric metric, int dimension, boolean bytes, String quantizer)
      throws Exception {
    Schema schema = schema(metric, dimension);
    LocalStorage storage = new LocalStorage(directory);
    fill(storage, schema, bytes, Quantizer.of(quantizer));
    IndexView inMemory = IndexReader.open(storage, options(VectorTier.MEMORY)).view();
    float[][] queries = vectors(15, dimension, 3, bytes);
    for (VectorTier tier : List.of(VectorTier.MAPPED, VectorTier.REMOTE, VectorTier.AUTO)) {
      IndexView view = IndexReader.open(storage, options(tier)).view();
      for (float[] query : queries) {
        for (Probe probe : List.of(Probe.exact(), Probe.nearest(2), Probe.nearest(12))) {
          assertThat(view.search(query, 20, probe).hits())
              .as("%s, %s", tier, probe)
              .isEqualTo(inMemory.search(query, 20, probe).hits());
        }
      }
      assertThat(live(view)).isEqualTo(live(inMemory));
      for (long id : new long[] {0, 15, 70, 699, 700, 1199, 5000}) {
        assertThat(text(view.get(FeatureId.of(id)).orElse(null)))
            .isEqualTo(text(inMemory.get(FeatureId.of(id)).orElse(null)));
      }
    }
  }

  private static Map<FeatureId, String> live(IndexView view) {
    Map<FeatureId, String> live = new TreeMap<>();
    view.forEachLive(feature -> live.put(feature.id(), text(feature)));
    return live;
  }

  private static String text(Feature feature) {
    return feature == null
        ? "none"
        : feature.order() + " " + feature.position() + " " + Arrays.toString(feature.vector());
  }

  @Test
  void aStorageThatCannotMapSaysSo() throws Exception {
    MemoryStorage storage = new MemoryStorage();
    fill(storage, schema(Metric.L2, 8), false);

    assertThatThrownBy(() -> IndexReader.open(storage, options(VectorTier.MAPPED)))
        .isInstanceOf(IOException.class)
        .hasMessageContaining(storage.location())
        .hasMessageContaining("cannot map");
  }

  /** Looks at everything, so that every page is touched. */
  private static void readAll(Storage storage, VectorTier tier) throws Exception {
    IndexView view = IndexReader.open(storage, options(tier)).view();
    view.forEachLive(feature -> {});
    view.search(new float[view.snapshot().schema().dimension()], 10, Probe.exact());
  }

  /** Each bit of a segment: the damage is named, or nothing that is read depends on the bit. */
  @ParameterizedTest
  @EnumSource(
      value = VectorTier.class,
      names = {"MAPPED", "REMOTE"})
  void damageIsNamedOrDoesNoHarm(VectorTier tier) throws Exception {
    Schema schema = schema(Metric.L2, 24);
    LocalStorage storage = new LocalStorage(directory);
    create(storage, schema, 3, features(schema, 0, clustered(40, 24, 1), 1));
    SegmentRef segment = IndexReader.open(storage).view().snapshot().segments().get(0);
    Path file = directory.resolve(segment.path());
    byte[] sound = Files.readAllBytes(file);
    Map<FeatureId, String> expected = live(IndexReader.open(storage).view());
    int named = 0;
    int tried = 0;
    for (int bit = 0; bit < sound.length * 8; bit += 257) {
      byte[] damaged = sound.clone();
      damaged[bit / 8] ^= (byte) (1 << bit % 8);
      // A file of its own: the pages of a mapped file must not change.
      Files.delete(file);
      Files.write(file, damaged);
      tried++;
      try {
        assertThat(live(IndexReader.open(storage, options(tier)).view()))
            .as("bit %d", bit)
            .isEqualTo(expected);
      } catch (DamagedFileException e) {
        assertThat(e.path()).isEqualTo(segment.path());
        named++;
      } catch (UncheckedIOException e) {
        assertThat(e.getCause())
            .isInstanceOfSatisfying(
                DamagedFileException.class, d -> assertThat(d.path()).isEqualTo(segment.path()));
        named++;
      }
    }
    assertThat(named).isGreaterThan(tried / 2);
  }

  @ParameterizedTest
  @EnumSource(
      value = VectorTier.class,
      names = {"MAPPED", "REMOTE"})
  void aDamagedVectorIsNamedWhenItIsFirstTouched(VectorTier tier) throws Exception {
    Schema schema = schema(Metric.L2, 24);
    LocalStorage storage = new LocalStorage(directory);
    create(storage, schema, 3, features(schema, 0, clustered(40, 24, 1), 1));
    float[] vector = IndexReader.open(storage).get(FeatureId.of(7)).orElseThrow().vector();
    SegmentRef segment = IndexReader.open(storage).view().snapshot().segments().get(0);
    Path file = directory.resolve(segment.path());
    byte[] bytes = Files.readAllBytes(file);
    bytes[indexOf(bytes, vector[5])] ^= 1;
    Files.delete(file);
    Files.write(file, bytes);

    IndexView view = IndexReader.open(storage, options(tier)).view();

    for (int attempt = 0; attempt < 2; attempt++) {
      assertThatThrownBy(() -> view.get(FeatureId.of(7)))
          .isInstanceOf(UncheckedIOException.class)
          .hasCauseInstanceOf(DamagedFileException.class)
          .hasMessageContaining(segment.path())
          .hasMessageContaining("page of vectors");
      assertThatThrownBy(() -> view.search(vector, 1, Probe.exact()))
          .hasCauseInstanceOf(DamagedFileException.class);
    }
    assertThatThrownBy(() -> readAll(storage, VectorTier.MEMORY))
        .isInstanceOf(DamagedFileException.class);
  }

  private static int indexOf(byte[] bytes, float value) {
    int bits = Float.floatToRawIntBits(value);
    for (int i = 0; i + 4 <= bytes.length; i++) {
      if ((bytes[i] & 0xFF
              | (bytes[i + 1] & 0xFF) << 8
              | (bytes[i + 2] & 0xFF) << 16
              | bytes[i + 3] << 24)
          == bits) {
        return i;
      }
    }
    throw new AssertionError("no " + value);
  }

  @Test
  void aMappedSegmentOutlivesItsDeletion() throws Exception {
    LocalStorage storage = new LocalStorage(directory);
    Schema schema = schema(Metric.L2, 8);
    fill(storage, schema, false);
    IndexView view = IndexReader.open(storage, options(VectorTier.MAPPED)).view();
    Map<FeatureId, String> before = live(view);

    for (SegmentRef segment : view.snapshot().segments()) {
      storage.delete(segment.path());
    }

    assertThat(live(view)).isEqualTo(before);
  }

  @Test
  void aRemoteSegmentThatIsGoneIsNamed() throws Exception {
    MemoryStorage storage = new MemoryStorage();
    fill(storage, schema(Metric.L2, 8), false);
    IndexView view = IndexReader.open(storage, options(VectorTier.REMOTE)).view();
    String path = view.snapshot().segments().get(0).path();
    storage.delete(path);

    assertThatThrownBy(() -> view.get(FeatureId.of(0)))
        .hasCauseInstanceOf(DamagedFileException.class)
        .hasMessageContaining(path);
  }

  private static long needed(Storage storage, VectorTier tier) {
    try {
      IndexReader.open(storage, options(tier).withMemoryBudgetBytes(1));
    } catch (MemoryBudgetException e) {
      return e.neededBytes();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    throw new AssertionError("a byte was enough");
  }

  @ParameterizedTest
  @CsvSource({
    "AUTO, rabitq",
    "MEMORY, rabitq",
    "MAPPED, rabitq",
    "REMOTE, rabitq",
    "MAPPED, none",
    "MAPPED, rabitq2",
    "REMOTE, rabitq4",
    "MEMORY, rabitq8",
    "MAPPED, int8"
  })
  void whatIsSaidToBeNeededIsEnoughAndLessIsNot(VectorTier tier, String quantizer)
      throws Exception {
    LocalStorage storage = new LocalStorage(directory);
    fill(storage, schema(Metric.L2, 64), false, Quantizer.of(quantizer));
    long needed = needed(storage, tier);

    OpenOptions options = options(tier).withMemoryBudgetBytes(needed);
    IndexReader reader = IndexReader.open(storage, options, new IdDirectory(0, 0));

    readAll(reader);
    assertThat(reader.memoryBytes()).isLessThanOrEqualTo(needed);
    assertThatThrownBy(
            () -> IndexReader.open(storage, options(tier).withMemoryBudgetBytes(needed - 1)))
        .isInstanceOf(MemoryBudgetException.class)
        .hasMessageContaining("version 3 does not fit the memory budget of")
        .hasMessageContaining("with vectors " + tier.externalName())
        .hasMessageContaining("vectors memory ")
        .hasMessageContaining("vectors mapped ")
        .hasMessageContaining("vectors remote ");
  }

  private static void readAll(IndexReader reader) {
    reader.view().forEachLive(feature -> {});
  }

  @Test
  void autoTakesTheFirstTierThatFits() throws Exception {
    LocalStorage disk = new LocalStorage(directory);
    Schema schema = schema(Metric.L2, 512);
    float[][] vectors = clustered(4000, 512, 1);
    create(disk, schema, 8, features(schema, 0, vectors, 1));
    long memory = needed(disk, VectorTier.MEMORY);
    long mapped = needed(disk, VectorTier.MAPPED);
    assertThat(mapped).isLessThan(memory / 2);

    assertThat(vectorBytes(disk, memory)).isGreaterThanOrEqualTo(4000 * 512 * 4);
    assertThat(vectorBytes(disk, memory - 1)).isLessThan(MEBIBYTE);
    assertThatThrownBy(() -> vectorBytes(disk, mapped - 1))
        .isInstanceOf(MemoryBudgetException.class);
  }

  private static long vectorBytes(Storage storage, long budgetBytes) throws IOException {
    IndexView view =
        IndexReader.open(storage, new OpenOptions(budgetBytes, VectorTier.AUTO)).view();
    long bytes = 0;
    for (LoadedSegment segment : view.segments()) {
      bytes += segment.segment.vectors().memoryBytes();
    }
    return bytes;
  }

  @ParameterizedTest
  @EnumSource(VectorTier.class)
  void aRefreshKeepsToTheBudgetOrLeavesTheViewAsItIs(VectorTier tier) throws Exception {
    LocalStorage storage = new LocalStorage(directory);
    Schema schema = schema(Metric.L2, 64);
    fill(storage, schema, false);
    // Enough for a few more rows, and not for thousands.
    long budget = needed(storage, tier) + 20_000;
    OpenOptions options = options(tier).withMemoryBudgetBytes(budget);
    IndexReader reader = IndexReader.open(storage, options, new IdDirectory(0, 0));
    readAll(reader);
    append(storage, features(schema, 2000, clustered(5, 64, 7), 5));

    assertThat(reader.refresh()).isTrue();

    assertThat(reader.get(FeatureId.of(2004))).isPresent();
    readAll(reader);
    assertThat(reader.memoryBytes()).isLessThanOrEqualTo(budget);
    IndexView view = reader.view();
    Map<FeatureId, String> before = live(view);
    append(storage, features(schema, 3000, clustered(4_000, 64, 8), 6));

    assertThatThrownBy(reader::refresh)
        .isInstanceOf(MemoryBudgetException.class)
        .hasMessageContaining("version 5 does not fit")
        .hasMessageContaining("for the open version");

    assertThat(reader.view()).isSameAs(view);
    assertThat(live(reader.view())).isEqualTo(before);
    assertThat(IndexReader.open(storage).get(FeatureId.of(3000))).isPresent();
  }

  @Test
  void aRemoteIndexAnswersManyThreadsThroughASmallCache() throws Exception {
    MemoryStorage storage = new MemoryStorage();
    Schema schema = schema(Metric.L2, 256);
    float[][] vectors = clustered(12_000, 256, 1);
    create(storage, schema, 20, features(schema, 0, vectors, 1));
    long budget = needed(storage, VectorTier.REMOTE);
    IndexReader reader = IndexReader.open(storage, new OpenOptions(budget, VectorTier.REMOTE));
    List<Callable<Void>> readers = new ArrayList<>();
    for (int t = 0; t < 4; t++) {
      Random random = new Random(t);
      readers.add(
          () -> {
            for (int i = 0; i < 300; i++) {
              int id = random.nextInt(vectors.length);
              float[] found = reader.get(FeatureId.of(id)).orElseThrow().vector();
              assertThat(found).isEqualTo(vectors[id]);
              assertThat(reader.memoryBytes()).isLessThanOrEqualTo(budget);
            }
            return null;
          });
    }
    ExecutorService executor = Executors.newFixedThreadPool(readers.size());
    try {
      for (Future<Void> outcome : executor.invokeAll(readers)) {
        outcome.get();
      }
    } finally {
      executor.shutdownNow();
    }
  }

  /** However much the budget leaves, and however much is read. */
  @Test
  void aCacheCanBeKeptSmall() throws Exception {
    MemoryStorage storage = new MemoryStorage();
    Schema schema = schema(Metric.L2, 256);
    float[][] vectors = clustered(12_000, 256, 1);
    create(storage, schema, 20, features(schema, 0, vectors, 1));
    OpenOptions large = OpenOptions.defaults().withTier(VectorTier.REMOTE);
    long cacheBytes = 5 << 20;
    IndexReader all = IndexReader.open(storage, large);
    IndexReader small = IndexReader.open(storage, large.withMaxCacheBytes(cacheBytes));
    long opened = small.memoryBytes();

    assertThat(live(small.view())).isEqualTo(live(all.view()));

    assertThat(small.memoryBytes() - opened).isBetween(cacheBytes / 2, cacheBytes);
    assertThat(all.memoryBytes() - opened).isGreaterThan(2 * cacheBytes);
  }

  /** Counts the arrays themselves, so that nothing kept by mistake goes unseen. */
  @ParameterizedTest
  @CsvSource({
    "MEMORY, rabitq, 1",
    "MAPPED, rabitq, 1",
    "MAPPED, none, 0",
    "MAPPED, rabitq2, 3",
    "MAPPED, rabitq4, 5",
    "MEMORY, rabitq8, 9",
    "MAPPED, int8, 8"
  })
  void memoryIsWhatTheArraysTakeAndLittleForEachRow(VectorTier tier, String quantizer, int bits)
      throws Exception {
    LocalStorage storage = new LocalStorage(directory);
    Schema schema = schema(Metric.L2, 128);
    float[][] vectors = clustered(6_000, 128, 1);
    create(storage, schema, 20, features(schema, 0, vectors, 1), Quantizer.of(quantizer));

    IdDirectory ids = new IdDirectory(0, 0);
    IndexReader reader = IndexReader.open(storage, options(tier), ids);
    // As the first refresh does.
    ids.follow(List.of(), reader.view().segments(), 0);
    long entered = arrayBytes(ids);
    // Arrays of some fifty entries each have a header.
    assertThat(ids.memoryBytes()).isBetween(entered - 1024, entered + vectors.length / 2 + 1024);
    assertThat(ids.memoryBytes()).isBetween(2L * vectors.length, 3L * vectors.length);
    assertThat(reader.memoryBytes()).isEqualTo(reader.view().memoryBytes() + ids.memoryBytes());
    for (LoadedSegment segment : reader.view().segments()) {
      long counted = arrayBytes(segment);
      assertThat(segment.memoryBytes()).isBetween(counted - 1024, counted + 1024);
      long planned = LoadedSegment.bytesFor(6_000, 20, Quantizer.of(quantizer), 128);
      assertThat(segment.memoryBytes() - segment.segment.memoryBytes())
          .isBetween(planned * 3 / 4, planned);
      long besideVectors =
          segment.memoryBytes() - segment.segment.vectors().memoryBytes() + ids.memoryBytes();
      // More than one bit has three factors more.
      int others = 32 + (bits > 1 ? 12 : 0);
      assertThat(besideVectors / vectors.length).isLessThanOrEqualTo(128 * bits / 8 + others);
    }
  }

  /** The primitive arrays that can be reached from an object through fields of our own classes. */
  private static long arrayBytes(Object root) throws IllegalAccessException {
    Set<Object> seen = Collections.newSetFromMap(new IdentityHashMap<>());
    Deque<Object> open = new ArrayDeque<>(List.of(root));
    long bytes = 0;
    while (!open.isEmpty()) {
      Object object = open.pop();
      if (!seen.add(object)) {
        continue;
      }
      Class<?> type = object.getClass();
      if (type.isArray() && type.getComponentType().isPrimitive()) {
        bytes += (long) Array.getLength(object) * WIDTHS.get(type.getComponentType());
      } else if (object instanceof Collection<?> collection) {
        open.addAll(collection);
      } else if (object instanceof Object[] array) {
        Arrays.stream(array).filter(Objects::nonNull).forEach(open::add);
      } else if (type.getName().startsWith("io.tarn.")) {
        for (; type != Object.class && type != null; type = type.getSuperclass()) {
          for (Field field : type.getDeclaredFields()) {
            if (!Modifier.isStatic(field.getModifiers()) && !field.getType().isPrimitive()) {
              field.setAccessible(true);
              Object value = field.get(object);
              if (value != null) {
                open.add(value);
              }
            }
          }
        }
      }
    }
    return bytes;
  }
}
