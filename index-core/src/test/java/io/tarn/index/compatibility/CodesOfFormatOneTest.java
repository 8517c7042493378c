package io.tarn.index.compatibility;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.tarn.index.centroid.Model;
import io.tarn.index.commit.Committer;
import io.tarn.index.commit.NewIndex;
import io.tarn.index.commit.SnapshotLog;
import io.tarn.index.feature.Feature;
import io.tarn.index.feature.FeatureId;
import io.tarn.index.feature.IdType;
import io.tarn.index.feature.Metric;
import io.tarn.index.feature.Schema;
import io.tarn.index.format.ModelFile;
import io.tarn.index.format.SegmentReader;
import io.tarn.index.quantize.Quantizer;
import io.tarn.index.quantize.Rotation;
import io.tarn.index.search.Hit;
import io.tarn.index.search.IndexReader;
import io.tarn.index.search.IndexView;
import io.tarn.index.search.Probe;
import io.tarn.index.segment.CodeColumns;
import io.tarn.index.segment.Segment;
import io.tarn.index.snapshot.Change;
import io.tarn.index.snapshot.SegmentRef;
import io.tarn.index.storage.LocalStorage;
import io.tarn.index.storage.Storage;
import io.tarn.index.verify.IndexVerifier;
import io.tarn.index.write.FeatureBuffer;
import io.tarn.index.write.ModelReassigner;
import java.net.URISyntaxException;
import java.net.URL;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * Reads indexes with codes that lie frozen in {@code fixtures/format-1-codes}, one of each
 * quantizer, and estimates distances from their codes as the format says, without the code that
 * searches use. If this test fails, old codes are misunderstood: mend the code, not the fixture.
 *
 * <p>The fixture was made by {@link #main}, whose rows the test knows:
 *
 * <pre>
 * java -cp … io.tarn.index.compatibility.CodesOfFormatOneTest index-core/src/test/resources/fixtures/format-1-codes
 * </pre>
 *
 * <p>It is not made anew: a change of the format gets a fixture, and a test, of its own.
 */
class CodesOfFormatOneTest {
  /** More than one chunk of values of 2 and of 4 bits, and no multiple of anything. */
  private static final int DIMENSION = 67;

  private static final int ROWS = 40;
  private static final int LISTS = 3;

  /** Of a Gaussian, one in a million lies farther off; the rows and queries are always the same. */
  private static final double STANDARD_ERRORS = 5;

  private static final Schema SCHEMA = new Schema(IdType.INT64, DIMENSION, Metric.L2, List.of());

  /** Makes an index of each quantizer in a directory. */
  public static void main(String[] arguments) throws Exception {
    for (Quantizer quantizer : Quantizer.all()) {
      if (!(quantizer instanceof Quantizer.None)) {
        make(new LocalStorage(Path.of(arguments[0], quantizer.type())), quantizer);
      }
    }
  }

  private static void make(Storage storage, Quantizer quantizer) throws Exception {
    float[] centroids = new float[LISTS * DIMENSION];
    for (int list = 0; list < LISTS; list++) {
      System.arraycopy(vector(-1 - list), 0, centroids, list * DIMENSION, DIMENSION);
    }
    Model model = Model.of(Metric.L2, DIMENSION, centroids, quantizer);
    List<Feature> features = new ArrayList<>();
    for (long id = 0; id < ROWS; id++) {
      features.add(new Feature(FeatureId.of(id), vector(id), 1, id, new Object[0]));
    }
    SegmentRef built = write(storage, model, features);
    SnapshotLog log = new SnapshotLog(storage);
    Committer.create(
        log, new NewIndex("build", SCHEMA, ModelFile.write(storage, model), null, List.of(built)));
    SegmentRef appended =
        write(
            storage,
            model,
            List.of(
                Feature.delete(FeatureId.of(3), 2, 100),
                new Feature(FeatureId.of(4), vector(ROWS), 2, 101, new Object[0])));
    new Committer(log, new ModelReassigner(storage))
        .commit(Change.append("append", log.newest().model().id(), List.of(appended)));
  }

  private static SegmentRef write(Storage storage, Model model, List<Feature> features)
      throws Exception {
    FeatureBuffer buffer = new FeatureBuffer(storage, SCHEMA, model);
    features.forEach(buffer::add);
    return buffer.flush().orElseThrow();
  }

  /** Any vector, but always the same for a seed. */
  private static float[] vector(long seed) {
    SplittableRandom random = new SplittableRandom(seed);
    float[] vector = new float[DIMENSION];
    for (int i = 0; i < DIMENSION; i++) {
      vector[i] = (float) random.nextDouble(-1, 1);
    }
    return vector;
  }

  private static Storage fixture(String name) throws URISyntaxException {
    URL versions =
        CodesOfFormatOneTest.class.getResource("/fixtures/format-1-codes/" + name + "/versions");
    return new LocalStorage(Path.of(versions.toURI()).getParent());
  }

  @ParameterizedTest
  @ValueSource(strings = {"rabitq", "rabitq2", "rabitq4", "rabitq8", "int8"})
  void theIndexIsReadAndAnswers(String name) throws Exception {
    IndexView view = IndexReader.open(fixture(name)).view();

    assertThat(view.snapshot().formatVersion()).isEqualTo(1);
    assertThat(view.snapshot().version()).isEqualTo(2);
    assertThat(view.snapshot().model().quantizer()).isEqualTo(name);
    assertThat(view.model().quantizer()).isEqualTo(Quantizer.of(name));
    assertThat(view.liveRowCount()).isEqualTo(ROWS - 1);
    assertThat(view.get(FeatureId.of(3))).isEmpty();
    for (long id = 0; id < ROWS; id++) {
      float[] query = vector(id == 4 ? ROWS : id);
      List<FeatureId> ids = ids(view, query, ROWS, Probe.nearest(LISTS));
      assertThat(ids).isEqualTo(ids(view, query, ROWS, Probe.exact()));
      assertThat(ids).hasSize(ROWS - 1);
      if (id != 3) {
        assertThat(ids.get(0)).isEqualTo(FeatureId.of(id));
        assertThat(ids(view, query, 1, Probe.nearest(LISTS))).containsExactly(FeatureId.of(id));
      }
    }
    assertThat(IndexVerifier.verify(fixture(name)).problems()).isEmpty();
  }

  private static List<FeatureId> ids(IndexView view, float[] query, int k, Probe probe)
      throws Exception {
    return view.search(query, k, probe).hits().stream().map(Hit::id).toList();
  }

  @ParameterizedTest
  @ValueSource(strings = {"rabitq", "rabitq2", "rabitq4", "rabitq8", "int8"})
  void codesMeanWhatTheFormatSays(String name) throws Exception {
    Storage storage = fixture(name);
    IndexView view = IndexReader.open(storage).view();
    Segment segment =
        SegmentReader.read(storage, view.snapshot().segments().get(0), view.snapshot().schema());
    CodeColumns codes = segment.codes();
    int bits = name.matches("rabitq.") ? name.charAt(6) - '0' : 0;
    assertThat(codes.full() == null).isEqualTo(bits == 0);
    for (int row = 0; row < ROWS; row++) {
      float[] vector = segment.vectors().get(row);
      int centroidAt = segment.lists().listOf(row) * DIMENSION;
      for (long seed = 1000; seed < 1020; seed++) {
        float[] query = vector(seed);
        float[] residual = new float[DIMENSION];
        double base = 0;
        double distance = 0;
        for (int i = 0; i < DIMENSION; i++) {
          residual[i] = query[i] - view.model().centroids()[centroidAt + i];
          base += (double) residual[i] * residual[i];
          distance += ((double) query[i] - vector[i]) * ((double) query[i] - vector[i]);
        }
        if (!name.equals("int8")) {
          new Rotation(DIMENSION).apply(residual);
        }
        double offset = base + codes.offsets()[row];
        double estimate = offset - codes.scales()[row] * product(codes, row, residual, name);
        double errors = name.equals("int8") ? 1 : STANDARD_ERRORS;
        double most = errors * codes.errors()[row] * Math.sqrt(base);
        assertThat(estimate).isCloseTo(distance, within(most));
        if (bits > 0) {
          estimate = offset - codes.full().scales()[row] * fullProduct(codes, row, residual, bits);
          double mostOfFull = errors * codes.full().errors()[row] * Math.sqrt(base);
          assertThat(estimate).isCloseTo(distance, within(mostOfFull));
          assertThat(mostOfFull).isLessThan(most);
        }
      }
    }
  }

  private static double product(CodeColumns codes, int row, float[] residual, String name) {
    double product = 0;
    int at = row * codes.codeBytes();
    for (int i = 0; i < DIMENSION; i++) {
      int sign = (codes.bits()[at + i / 8] >> i % 8 & 1) == 1 ? 1 : -1;
      product += residual[i] * (name.equals("int8") ? codes.bits()[at + i] : sign);
    }
    return product;
  }

  private static double fullProduct(CodeColumns codes, int row, float[] residual, int bits) {
    double product = 0;
    int at = row * codes.full().codeBytes();
    for (int i = 0; i < DIMENSION; i++) {
      byte[] all = codes.full().codes();
      int value =
          switch (bits) {
            case 2 -> all[at + i / 64 * 16 + i % 16] >> 2 * (i % 64 / 16) & 3;
            case 4 -> all[at + i / 32 * 16 + i % 16] >> 4 * (i % 32 / 16) & 15;
            default -> all[at + i] + 128;
          };
      product += residual[i] * (value + 0.5 - (1 << bits - 1));
    }
    return product;
  }
}
