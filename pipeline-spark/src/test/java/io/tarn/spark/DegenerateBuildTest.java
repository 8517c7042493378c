package io.tarn.spark;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.tarn.index.search.Hit;
import io.tarn.index.search.IndexView;
import io.tarn.index.search.Probe;
import io.tarn.index.storage.LocalStorage;
import io.tarn.index.storage.Storage;
import io.tarn.index.verify.IndexVerifier;
import io.tarn.settings.Settings;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import org.apache.spark.sql.Row;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Data of which no good lists can be made gives an index that is right all the same. */
class DegenerateBuildTest {
  private static final int DIMENSION = 6;
  private static final int LISTS = 16;

  @TempDir Path directory;

  /** What is wrong with the data. */
  enum Kind {
    ONE_ROW,
    ALL_EQUAL,
    FEW_DISTINCT,
    ONE_CLUSTER,
    OUTLIERS
  }

  private static List<Row> rows(Kind kind) {
    Random random = new Random(5);
    List<Row> rows = new ArrayList<>();
    for (long id = 0; id < (kind == Kind.ONE_ROW ? 1 : 1500); id++) {
      float[] vector = new float[DIMENSION];
      for (int i = 0; i < DIMENSION; i++) {
        vector[i] =
            switch (kind) {
              case ONE_ROW, ALL_EQUAL -> i + 1;
              case FEW_DISTINCT -> id % 5 + i % 2 + 1;
              case ONE_CLUSTER -> (float) (id % 100 == 0 ? random.nextGaussian() : 3 + 1e-3 * i);
              case OUTLIERS -> (float) ((id % 300 == 7 ? 1e30 : 1) * random.nextGaussian());
            };
      }
      rows.add(VectorRows.row(id, 0, vector));
    }
    return rows;
  }

  @ParameterizedTest
  @CsvSource({
    "ONE_ROW, l2, 1",
    "ONE_ROW, cosine, 1",
    "ALL_EQUAL, l2, 1",
    "ALL_EQUAL, inner_product, 1",
    "FEW_DISTINCT, l2, 5",
    "FEW_DISTINCT, cosine, 5",
    "ONE_CLUSTER, l2, 16",
    "ONE_CLUSTER, cosine, 16",
    "OUTLIERS, l2, 16",
    "OUTLIERS, cosine, 16",
    "OUTLIERS, inner_product, 16"
  })
  void theIndexIsValidAndExactSearchRight(Kind kind, String metric, int lists) throws Exception {
    List<Row> rows = rows(kind);
    Path index = directory.resolve("index");
    BuildResult result =
        BuildJob.run(
            LocalSpark.session(),
            Settings.load(
                BuildSettings.class,
                Optional.empty(),
                List.of(
                    "index=" + index, "input.path=unused", "metric=" + metric, "nlist=" + LISTS)),
            VectorRows.table(rows).repartition(3));
    assertThat(result.lists()).isEqualTo(lists);
    try (Storage storage = new LocalStorage(index)) {
      assertThat(IndexVerifier.verify(storage).problems()).isEmpty();
    }
    assertThat(
            LocalSpark.session()
                .read()
                .parquet(index.resolve("segments").toString())
                .select("list_id")
                .distinct()
                .count())
        .as("lists with rows")
        .isEqualTo(lists);
    IndexView view = IndexFiles.view(index);
    int k = Math.min(10, rows.size());
    for (int q = 0; q < rows.size(); q += 100) {
      float[] query = VectorRows.vector(rows.get(q));
      double[] nearest =
          rows.stream()
              .mapToDouble(row -> distance(metric, query, VectorRows.vector(row)))
              .sorted()
              .limit(k)
              .toArray();
      List<Hit> hits = view.search(query, k, Probe.exact()).hits();
      assertThat(hits).hasSize(k);
      for (int i = 0; i < k; i++) {
        Row found = rows.get((int) (long) hits.get(i).id().toObject());
        double distance = distance(metric, query, VectorRows.vector(found));
        assertThat(distance)
            .isCloseTo(nearest[i], within(1e-5 * Math.max(1, Math.abs(nearest[i]))));
      }
    }
  }

  private static double distance(String metric, float[] a, float[] b) {
    double l2 = 0;
    double dot = 0;
    double normA = 0;
    double normB = 0;
    for (int i = 0; i < a.length; i++) {
      l2 += ((double) a[i] - b[i]) * ((double) a[i] - b[i]);
      dot += (double) a[i] * b[i];
      normA += (double) a[i] * a[i];
      normB += (double) b[i] * b[i];
    }
    return switch (metric) {
      case "l2" -> l2;
      case "cosine" -> 1 - dot / Math.sqrt(normA * normB);
      default -> -dot;
    };
  }
}
