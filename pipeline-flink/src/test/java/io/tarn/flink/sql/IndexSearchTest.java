package io.tarn.flink.sql;

import static org.assertj.core.api.Assertions.assertThat;

import io.tarn.index.search.VectorTier;
import io.tarn.index.snapshot.CalibrationPoint;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.apache.flink.metrics.groups.UnregisteredMetricsGroup;
import org.apache.flink.table.data.GenericArrayData;
import org.apache.flink.table.data.GenericRowData;
import org.apache.flink.table.data.RowData;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class IndexSearchTest {
  private static final int K = 5;

  @TempDir private Path dir;

  private Searches searches(Double recall, Integer nprobe, PlannedRecall known) {
    return new Searches(
        "table t",
        new OpenedAs(
            dir.toString(), OpenedAs.NEWEST, 10, VectorTier.MEMORY, OpenedAs.DEFAULT_BUDGET),
        new TableColumns(
            SqlIndex.SCHEMA.idType(), List.of(new TableColumns.Column(TableColumns.Role.ID, "id"))),
        new ProbeChoice(nprobe, recall, false, known),
        List.of(),
        false);
  }

  private List<String> found(Searches searches, float[] vector) throws Exception {
    try (IndexSearch search = new IndexSearch(searches, new UnregisteredMetricsGroup())) {
      List<String> ids = new ArrayList<>();
      for (RowData row : search.nearest(K, GenericRowData.of(new GenericArrayData(vector)))) {
        ids.add(row.getString(0).toString());
      }
      return ids;
    }
  }

  /** As a stream that splits lists has it: what was measured is gone from the index then. */
  @Test
  void aRecallStandsForTheSameShareOfTheListsAfterTheyHaveChanged() throws Exception {
    SqlIndex index = SqlIndex.create(dir, 3);
    index.appendRandom(300, 400);
    index.calibrate(
        List.of(new CalibrationPoint(1, K, 0.6), new CalibrationPoint(SqlIndex.LISTS, K, 0.99)));
    PlannedRecall known = PlannedRecall.of(index.newest());
    index.retrain(4 * SqlIndex.LISTS);
    assertThat(index.newest().calibration()).isEmpty();
    int differing = 0;
    for (int q = 0; q < 20; q++) {
      float[] vector = index.randomVector();
      List<String> ofFourLists = found(searches(null, 4, null), vector);
      assertThat(found(searches(0.5, null, known), vector)).isEqualTo(ofFourLists);
      List<String> nearest = index.nearest(vector, K, feature -> true);
      assertThat(found(searches(0.95, null, known), vector)).isEqualTo(nearest);
      differing += nearest.equals(ofFourLists) ? 0 : 1;
    }
    assertThat(differing).isPositive();
  }
}
