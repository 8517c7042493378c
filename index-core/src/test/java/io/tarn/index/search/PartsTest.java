package io.tarn.index.search;

import static org.assertj.core.api.Assertions.assertThat;

import io.tarn.index.feature.Feature;
import io.tarn.index.feature.FeatureId;
import io.tarn.index.feature.IdType;
import io.tarn.index.feature.Metric;
import io.tarn.index.feature.Schema;
import io.tarn.index.feature.VectorRules;
import io.tarn.index.format.ModelFile;
import io.tarn.index.format.SegmentReader;
import io.tarn.index.segment.NewestRows;
import io.tarn.index.segment.Segment;
import io.tarn.index.snapshot.SegmentRef;
import io.tarn.index.snapshot.Snapshot;
import io.tarn.index.storage.MemoryStorage;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** An index of which each part is opened by itself finds, taken together, what it finds whole. */
class PartsTest {
  private static final int DIMENSION = 24;
  private static final int LISTS = 12;
  private static final int K = 15;

  private final MemoryStorage storage = new MemoryStorage();

  private Snapshot create(Metric metric) throws IOException {
    Schema schema = new Schema(IdType.INT64, DIMENSION, metric, List.of());
    float[][] vectors = TestIndexes.clustered(900, DIMENSION, 3);
    List<List<Feature>> commits = List.of(new ArrayList<>(), new ArrayList<>(), new ArrayList<>());
    for (int i = 0; i < vectors.length; i++) {
      // Ids repeat, from commit to commit.
      commits.get(i / 300).add(TestIndexes.feature(schema, i % 400, vectors[i], i));
    }
    for (int id = 0; id < 50; id++) {
      commits.get(2).add(Feature.delete(FeatureId.of(id * 3L), 10_000, id));
    }
    TestIndexes.create(storage, schema, LISTS, commits.get(0));
    TestIndexes.append(storage, commits.get(1));
    return TestIndexes.append(storage, commits.get(2));
  }

  private List<IndexView> parts(Snapshot snapshot, ListRanking ranking) throws IOException {
    List<Segment> segments = new ArrayList<>();
    for (SegmentRef ref : snapshot.segments()) {
      try (SegmentReader reader = SegmentReader.open(storage, ref, snapshot.schema())) {
        segments.add(reader.readColumns(Set.of()));
      }
    }
    NewestRows newest = new NewestRows(segments);
    List<IndexView> parts = new ArrayList<>();
    for (int s = 0; s < segments.size(); s++) {
      Segment segment = segments.get(s);
      long[] live = new long[(segment.rowCount() + 63) / 64];
      for (int row = segment.deletes(); row < segment.rowCount(); row++) {
        live[row >> 6] |= newest.isNewest(s, row) ? 1L << row : 0;
      }
      parts.add(
          IndexReader.openPart(
              storage,
              snapshot,
              Map.of(segment.ref(), live),
              ranking,
              OpenOptions.defaults().withTier(VectorTier.REMOTE)));
    }
    return parts;
  }

  private static List<Hit> together(List<IndexView> parts, Query query) throws Exception {
    List<Hit> hits = new ArrayList<>();
    for (IndexView part : parts) {
      hits.addAll(part.search(query).hits());
    }
    hits.sort(Comparator.comparing(Hit::distance).thenComparing(Hit::id));
    return hits.subList(0, Math.min(query.k(), hits.size()));
  }

  @ParameterizedTest
  @EnumSource(Metric.class)
  void partsFindTogetherWhatTheWholeFinds(Metric metric) throws Exception {
    Snapshot snapshot = create(metric);
    ListRanking ranking = new ListRanking(ModelFile.read(storage, snapshot.model()));
    IndexView whole = IndexReader.open(storage).view();
    List<IndexView> parts = parts(snapshot, ranking);
    assertThat(parts).hasSize(3);
    assertThat(parts.stream().mapToLong(IndexView::liveRowCount).sum())
        .isEqualTo(whole.liveRowCount());
    for (float[] vector : TestIndexes.clustered(20, DIMENSION, 4)) {
      Query exact = Query.nearest(vector, K).probing(Probe.exact());
      assertThat(together(parts, exact)).isEqualTo(whole.search(exact).hits());
      Query near = Query.nearest(vector, 1000).probing(Probe.nearest(2)).stoppingAtProbes();
      float[] accepted = VectorRules.accept(snapshot.schema(), vector);
      long rows = 0;
      for (int list : ranking.nearest(accepted, 2)) {
        rows += whole.liveRowsByList()[list];
      }
      assertThat(together(parts, near)).hasSize((int) rows);
      assertThat(together(parts, near)).isEqualTo(whole.search(near).hits());
    }
    assertThat(ranking.nearest(new float[DIMENSION], 100)).hasSize(LISTS);
  }
}
