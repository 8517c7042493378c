package io.tarn.benchmark;

import java.nio.file.Path;
import java.util.List;

/**
 * What to measure commits on.
 *
 * @param sources what indexes are built of, the one to measure versions on first
 * @param versions numbers of versions that the index of the first source is brought to; may be
 *     empty
 * @param nlist lists of the indexes, of all the same, so that what is written is alike
 * @param commits how many are timed of each index
 * @param rows how many rows each brings
 * @param work where indexes are kept, and found again by the next run
 */
public record CommitSettings(
    List<DataSource> sources, List<Integer> versions, int nlist, int commits, int rows, Path work) {
  public CommitSettings {
    sources = List.copyOf(sources);
    versions = List.copyOf(versions);
  }
}
