package io.tarn.index.search;

import io.tarn.index.kernel.CodeKernels;
import io.tarn.index.quantize.QueryTables;

/** What a search needs beside its answer, reused by the searches of one thread. */
final class SearchScratch {
  /** How many rows' vectors are asked of memory at a time. */
  static final int ROWS = 32;

  final QueryTables tables;
  final ListsByDistance probes = new ListsByDistance();

  /** Whether the distances of the probes are those of rounded centroids. */
  boolean probesAreRounded;

  final ListsByDistance groups = new ListsByDistance();
  final Smallest near = new Smallest();
  final float[] estimates = new float[CodeKernels.BLOCK_ROWS];
  final float[] lowers = new float[CodeKernels.BLOCK_ROWS];

  final int[] segments = new int[ROWS];
  final int[] rows = new int[ROWS];
  final float[] distances = new float[ROWS];

  /** One more than rows: behind the last there is something written that does not count. */
  final int[] groupedSegments = new int[ROWS + 1];

  final int[] groupedRows = new int[ROWS + 1];

  /** Keeps reads ahead from being optimised away. */
  int touched;

  final Candidates candidates = new Candidates();

  final ResidualQuery residual;

  final RoundedCentroids.GridQuery grid;

  SearchScratch(QueryTables tables, int dimension) {
    this.tables = tables;
    this.residual = new ResidualQuery(dimension);
    this.grid = new RoundedCentroids.GridQuery(dimension);
  }
}
