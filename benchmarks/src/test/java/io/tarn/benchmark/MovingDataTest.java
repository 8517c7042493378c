package io.tarn.benchmark;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import io.tarn.benchmark.ViewRecall.Curve;
import io.tarn.benchmark.ViewRecall.Found;
import io.tarn.index.search.IndexReader;
import io.tarn.index.search.IndexView;
import io.tarn.index.storage.LocalStorage;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class MovingDataTest {
  @TempDir Path dir;

  /** Three clusters around 0, 100 and 200, their rows in turn. */
  private static DataSet threeClusters() {
    float[] values = new float[90];
    for (int row = 0; row < values.length; row++) {
      values[row] = row % 3 * 100 + row / 90f;
    }
    return new DataSet(
        "three", new Vectors(1, values), new Vectors(1, new float[] {0, 100, 200}), List.of());
  }

  @Test
  void rowsComeClusterByCluster() {
    float[] ordered = MovingData.of(threeClusters(), 60, 3, 2).rows().values();

    assertThat(ordered).hasSize(60);
    for (int cluster = 0; cluster < 3; cluster++) {
      float[] rows = Arrays.copyOfRange(ordered, cluster * 20, (cluster + 1) * 20);
      int center = Math.round(rows[0] / 100) * 100;
      for (int i = 0; i < rows.length; i++) {
        assertThat(rows[i]).isBetween((float) center, center + 1f);
        assertThat(i == 0 || rows[i - 1] < rows[i]).as("their order").isTrue();
      }
    }
  }

  @Test
  void whatIsFoundIsAmongTheFirstRows() throws Exception {
    MovingData data = MovingData.of(threeClusters(), 90, 3, 5);
    data.build(30, 4, dir);
    IndexView view = IndexReader.open(new LocalStorage(dir)).view();
    ViewRecall recall = data.recallOf(30);

    assertThat(view.liveRowCount()).isEqualTo(30);
    Found all = recall.search(view, view.model().listCount());
    assertThat(all.recall()).isEqualTo(1);
    assertThat(all.rowsScanned()).isEqualTo(30);
    assertThat(recall.curve(view).points()).isNotEmpty();
    assertThatThrownBy(() -> MovingData.of(threeClusters(), 4, 3, 5))
        .isInstanceOf(BenchmarkException.class)
        .hasMessageContaining("k 5 is more than three has");
  }

  @Test
  void curvesAreInterpolatedBetweenTheirPoints() {
    Curve curve =
        new Curve(List.of(new Found(0.5, 100), new Found(0.75, 300), new Found(0.95, 1100)));

    assertThat(curve.recallAt(200)).isCloseTo(0.625, within(1e-9));
    assertThat(curve.rowsAt(0.85)).isCloseTo(700, within(1e-6));
    assertThat(curve.recallAt(100)).isEqualTo(0.5);
    assertThat(curve.recallAt(99)).isNaN();
    assertThat(curve.rowsAt(0.96)).isNaN();
  }

  @Test
  void aSampleIsSpread() {
    Vectors vectors = new Vectors(1, new float[] {0, 1, 2, 3, 4, 5, 6, 7, 8, 9});

    assertThat(vectors.spread(5).values()).containsExactly(0, 2, 4, 6, 8);
    assertThat(vectors.spread(10)).isSameAs(vectors);
  }
}
