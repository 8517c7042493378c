package io.tarn.index.search;

import io.tarn.index.centroid.Model;
import io.tarn.index.quantize.QueryTables;
import io.tarn.index.quantize.Rotation;
import java.util.Arrays;
import java.util.concurrent.ConcurrentLinkedQueue;

/** A model with what searches derive from it, shared by all views that have this model. */
final class SearchModel {
  /** How far, squared, the mean may move, as a share of the squared distance of a centroid. */
  private static final double MAX_MOVED_SHARE = 0.04;

  private final Model model;
  private final Rotation rotation;
  private final ListCenters centers;
  private final CoarseSearch coarse;
  private final ConcurrentLinkedQueue<SearchScratch> idle = new ConcurrentLinkedQueue<>();

  SearchModel(Model model) {
    this(model, new Rotation(model.dimension()), ListCenters.mean(model));
  }

  private SearchModel(Model model, Rotation rotation, float[] mean) {
    this.model = model;
    this.rotation = rotation;
    this.centers = new ListCenters(model, rotation, mean);
    this.coarse = new CoarseSearch(model, centers.mean());
  }

  /**
   * A model that takes the place of another. Codes in memory are relative to a point, the mean of
   * the centroids. Any point near it does: as long as it is near, it is kept, so that the codes of
   * lists that did not change need not be read and laid out anew.
   */
  static SearchModel following(SearchModel old, Model model) {
    float[] kept = old.centers.mean();
    if (model.dimension() != kept.length
        || !model.quantizer().equals(old.model.quantizer())
        || model.metric() != old.model.metric()) {
      return new SearchModel(model);
    }
    float[] mean = ListCenters.mean(model);
    double moved = 0;
    double spread = 0;
    for (int i = 0; i < mean.length; i++) {
      double step = (double) mean[i] - kept[i];
      moved += step * step;
    }
    for (int i = 0; i < model.centroids().length; i++) {
      double distance = (double) model.centroids()[i] - mean[i % mean.length];
      spread += distance * distance;
    }
    boolean near = moved <= MAX_MOVED_SHARE * spread / model.listCount();
    return new SearchModel(model, old.rotation, near ? kept : mean);
  }

  /** Whether codes of a list, laid out with the one, serve with the other. */
  boolean hasSame(int list, SearchModel other, int otherList) {
    int dimension = model.dimension();
    return Arrays.equals(centers.mean(), other.centers.mean())
        && Arrays.equals(
            model.centroids(),
            list * dimension,
            (list + 1) * dimension,
            other.model.centroids(),
            otherList * dimension,
            (otherList + 1) * dimension);
  }

  /** The most memory that a model and what is derived from it take. */
  static long bytesFor(int dimension, int lists) {
    return (long) lists * (2L * Float.BYTES * dimension + Integer.BYTES + Float.BYTES)
        + 2L * Float.BYTES * dimension
        + CodeBlocks.bytesFor(dimension, lists, 1)
        + RoundedCentroids.bytesFor(dimension, lists);
  }

  long memoryBytes() {
    return bytesFor(model.dimension(), model.listCount());
  }

  Model model() {
    return model;
  }

  ListCenters centers() {
    return centers;
  }

  CoarseSearch coarse() {
    return coarse;
  }

  /** Scratch space for one search; to be given back. */
  SearchScratch takeScratch() {
    SearchScratch scratch = idle.poll();
    return scratch == null
        ? new SearchScratch(new QueryTables(rotation, centers.mean()), model.dimension())
        : scratch;
  }

  void giveBack(SearchScratch scratch) {
    idle.offer(scratch);
  }
}
