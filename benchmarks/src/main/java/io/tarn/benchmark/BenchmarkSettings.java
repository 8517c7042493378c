package io.tarn.benchmark;

import java.nio.file.Path;
import java.util.List;

/**
 * What to compare, and how.
 *
 * @param sources the data sets, one after the other
 * @param peers whom to compare with; none to measure Tarn alone
 * @param nlists numbers of lists to build Tarn's index with; empty for one that fits the data
 * @param nprobes numbers of lists to look at; empty for a ladder that ends where recall does
 * @param candidates how many candidates the peers' graphs collect; empty for such a ladder
 * @param k how many neighbours to find
 * @param queries how many queries to search with at most
 * @param threads how many searches run at once
 * @param rounds how often each point is timed
 * @param work where indexes and exact answers are kept, and found again by the next run
 * @param skipCrowdedLists whether numbers of lists that leave too few rows to a list are passed
 *     over, as a sweep over sizes wants it, or refused
 */
public record BenchmarkSettings(
    List<DataSource> sources,
    List<Peer> peers,
    List<Integer> nlists,
    List<Integer> nprobes,
    List<Integer> candidates,
    int k,
    int queries,
    int threads,
    int rounds,
    Path work,
    boolean skipCrowdedLists) {
  public BenchmarkSettings {
    sources = List.copyOf(sources);
    peers = List.copyOf(peers);
    nlists = List.copyOf(nlists);
    nprobes = List.copyOf(nprobes);
    candidates = List.copyOf(candidates);
  }
}
