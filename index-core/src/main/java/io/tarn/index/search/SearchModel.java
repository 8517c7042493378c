package io.tarn.index.search;

import io.tarn.index.centroid.Model;
import io.tarn.index.quantize.QueryTables;
import io.tarn.index.quantize.Rotation;
import java.util.concurrent.ConcurrentLinkedQueue;

/** A model with what searches derive from it, shared by all views that have this model. */
final class SearchModel {
  private final Model model;
  private final Rotation rotation;
  private final ListCenters centers;
  private final CoarseSearch coarse;
  private final ConcurrentLinkedQueue<SearchScratch> idle = new ConcurrentLinkedQueue<>();

  SearchModel(Model model) {
    this.model = model;
    this.rotation = new Rotation(model.dimension());
    this.centers = new ListCenters(model, rotation);
    this.coarse = new CoarseSearch(model, centers.mean());
  }

  /** The most memory that a model and what is derived from it take. */
  static long bytesFor(int dimension, int lists) {
    return (long) lists * (2L * Float.BYTES * dimension + Integer.BYTES + Float.BYTES)
        + 2L * Float.BYTES * dimension
        + CodeBlocks.bytesFor(dimension, lists, 1);
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
