package io.tarn.index.commit;

import io.tarn.index.feature.Schema;
import io.tarn.index.snapshot.EmbedderRef;
import io.tarn.index.snapshot.ModelRef;
import io.tarn.index.snapshot.SegmentRef;
import java.util.List;

/**
 * The first version of an index.
 *
 * @param operation what makes it, for people
 * @param schema what its features look like
 * @param model its trained model
 * @param embedder what made the vectors from content, or null
 * @param segments its first segments
 */
public record NewIndex(
    String operation,
    Schema schema,
    ModelRef model,
    EmbedderRef embedder,
    List<SegmentRef> segments) {
  public NewIndex {
    segments = List.copyOf(segments);
  }
}
