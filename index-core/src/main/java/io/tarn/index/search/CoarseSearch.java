package io.tarn.index.search;

import io.tarn.index.centroid.Model;
import io.tarn.index.feature.Metric;
import io.tarn.index.kernel.CodeKernels;
import io.tarn.index.kernel.Kernels;
import io.tarn.index.kernel.VectorKernels;
import io.tarn.index.quantize.RaBitQCoder;
import io.tarn.index.quantize.RowCode;
import io.tarn.index.segment.CodeColumns;

/** Finds the lists nearest to a query. */
final class CoarseSearch {
  /** Up to so many centroids, all distances are computed. */
  private static final int MAX_EXACT_LISTS = 64;

  private final Model model;
  private final VectorKernels vectors = Kernels.best();
  private final CodeKernels kernels = Kernels.codes();
  private final CodeBlocks blocks;
  private final float[] squaredNorms;

  CoarseSearch(Model model, float[] mean) {
    this.model = model;
    int dimension = model.dimension();
    int lists = model.listCount();
    this.squaredNorms = new float[lists];
    RaBitQCoder coder = new RaBitQCoder(model.metric(), dimension);
    RowCode code = new RowCode(dimension);
    CodeColumns codes =
        new CodeColumns(
            new byte[lists * code.bits.length],
            new float[lists],
            new float[lists],
            new float[lists]);
    for (int list = 0; list < lists; list++) {
      int at = list * dimension;
      squaredNorms[list] = vectors.dot(model.centroids(), at, model.centroids(), at, dimension);
      coder.encode(model.centroids(), at, mean, 0, code);
      System.arraycopy(code.bits, 0, codes.bits(), list * code.bits.length, code.bits.length);
      codes.offsets()[list] = code.offset;
      codes.scales()[list] = code.scale;
      codes.errors()[list] = code.error;
    }
    this.blocks =
        CodeBlocks.of(dimension, codes, new int[] {0, lists}, (list, rows) -> (bits, at) -> 0);
  }

  /**
   * The {@code wanted} lists nearest to the query, the nearest first, into the scratch's probes.
   * Found by their codes first; of half as many more, distances are computed.
   */
  void nearest(float[] query, int wanted, SearchScratch scratch) {
    int lists = model.listCount();
    ProbeHeap found = scratch.probes;
    if (lists <= MAX_EXACT_LISTS || !scratch.tables.isFinite() || 2 * wanted + 8 >= lists) {
      found.clear(wanted);
      for (int list = 0; list < lists; list++) {
        found.offer(distance(query, list), list);
      }
      found.sort();
      return;
    }
    ProbeHeap near = scratch.nearProbes;
    near.clear(wanted + wanted / 2 + 8);
    for (int block = 0; block * CodeKernels.BLOCK_ROWS < lists; block++) {
      int first = block * CodeKernels.BLOCK_ROWS;
      long mask =
          kernels.scanBlock(
              blocks.bytes(),
              block * blocks.blockBytes(),
              blocks.pairs(),
              scratch.tables.tables(),
              blocks.parameters(),
              block * CodeKernels.BLOCK_PARAMETERS,
              0,
              scratch.tables.step(),
              scratch.tables.bias(),
              0,
              near.threshold(),
              scratch.sums,
              scratch.estimates,
              scratch.lowers);
      if (lists - first < CodeKernels.BLOCK_ROWS) {
        mask &= (1L << lists - first) - 1;
      }
      for (; mask != 0; mask &= mask - 1) {
        int i = Long.numberOfTrailingZeros(mask);
        near.offer(scratch.estimates[i], first + i);
      }
    }
    found.clear(wanted);
    for (int i = 0; i < near.size(); i++) {
      found.offer(distance(query, near.list(i)), near.list(i));
    }
    found.sort();
  }

  /** By the metric, as between a query and a feature. */
  private float distance(float[] query, int list) {
    int at = list * model.dimension();
    if (model.metric() == Metric.L2) {
      return vectors.squaredL2(query, 0, model.centroids(), at, model.dimension());
    }
    float product = vectors.dot(query, 0, model.centroids(), at, model.dimension());
    return model.metric() == Metric.COSINE ? 1 - product : -product;
  }

  /** The Euclidean distance of query and centroid, whose distance by the metric is known. */
  float spread(int list, float distance, float squaredQueryNorm) {
    float squared =
        switch (model.metric()) {
          case L2 -> distance;
          case COSINE -> squaredNorms[list] + squaredQueryNorm + 2 * (distance - 1);
          case INNER_PRODUCT -> squaredNorms[list] + squaredQueryNorm + 2 * distance;
        };
    return (float) Math.sqrt(Math.max(0, squared));
  }
}
