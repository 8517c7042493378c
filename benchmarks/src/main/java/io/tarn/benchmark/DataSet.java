package io.tarn.benchmark;

import java.util.List;

/**
 * What is searched, with what, and what should be found.
 *
 * @param name what reports call it
 * @param base the vectors to index; their row numbers are their ids
 * @param queries the vectors to search with
 * @param truth for each query the rows of its nearest neighbours, the nearest first; empty if they
 *     are not known
 */
public record DataSet(String name, Vectors base, Vectors queries, List<int[]> truth) {}
