package io.tarn.index.maintain;

import io.tarn.index.centroid.Assigner;
import io.tarn.index.centroid.KMeans;
import io.tarn.index.centroid.Model;
import io.tarn.index.segment.Segment;
import java.io.IOException;
import java.util.Arrays;
import java.util.Optional;

/** Finds two centroids for the newest rows of one list. */
final class ListDivision {
  /** Rows beyond this many floats, 64 MiB, are sampled. */
  private static final int MAX_TRAINING_FLOATS = 16 << 20;

  private final Model model;
  private final SplitSettings settings;

  ListDivision(Model model, SplitSettings settings) {
    this.model = model;
    this.settings = settings;
  }

  /** The two centroids, row-major, or empty if the rows do not fall into two parts. */
  Optional<float[]> centroids(Survey survey, int listId) throws IOException {
    float[] rows = sample(survey, listId);
    float[] best = null;
    int count = rows.length / model.dimension();
    int bestLarger = count;
    for (int trial = 0; trial < settings.trials() && count > 1; trial++) {
      float[] centroids =
          KMeans.train(
              model.metric(),
              model.dimension(),
              rows,
              2,
              settings.iterations(),
              settings.seed() + trial,
              1);
      if (centroids.length == 2 * model.dimension()) {
        int larger = rowsOfLargerPart(centroids, rows);
        if (larger < bestLarger) {
          bestLarger = larger;
          best = centroids;
        }
      }
    }
    return count - bestLarger < settings.minPartShare() * count
        ? Optional.empty()
        : Optional.ofNullable(best);
  }

  private int rowsOfLargerPart(float[] centroids, float[] rows) {
    Model two = Model.of(model.metric(), model.dimension(), centroids, model.quantizer());
    int[] parts = new int[rows.length / model.dimension()];
    new Assigner(two).assign(rows, 0, parts.length, parts, 0);
    int second = Arrays.stream(parts).sum();
    return Math.max(second, parts.length - second);
  }

  /** Every n-th of the newest rows, in the order of the segments. */
  private float[] sample(Survey survey, int listId) throws IOException {
    int dimension = model.dimension();
    long total = 0;
    for (int s = 0; s < survey.size(); s++) {
      total += newestRows(survey, s, listId);
    }
    long most = Math.max(2, MAX_TRAINING_FLOATS / dimension);
    long stride = Math.max(1, (total + most - 1) / most);
    float[] sample = new float[Math.toIntExact((total + stride - 1) / stride * dimension)];
    int used = 0;
    long passed = 0;
    for (int s = 0; s < survey.size(); s++) {
      if (newestRows(survey, s, listId) == 0) {
        continue;
      }
      Segment segment = survey.segment(s);
      for (int row = segment.deletes(); row < segment.rowCount(); row++) {
        if (segment.listIds()[row] == listId && survey.isNewest(s, row) && passed++ % stride == 0) {
          int offset = segment.vectorOffset(row, dimension);
          System.arraycopy(segment.vectors(), offset, sample, used, dimension);
          used += dimension;
        }
      }
    }
    return sample;
  }

  private static int newestRows(Survey survey, int subject, int listId) {
    int[] lists = survey.outline(subject).listIds();
    int count = 0;
    for (int row = 0; row < lists.length; row++) {
      if (lists[row] == listId && survey.isNewest(subject, row)) {
        count++;
      }
    }
    return count;
  }
}
