package io.tarn.spark;

import io.tarn.index.feature.Metric;
import io.tarn.settings.Default;
import io.tarn.spark.input.InputSettings;
import java.util.List;
import java.util.Optional;

/**
 * Which settings of an index are to be tried, and what is wanted of them.
 *
 * @param input the table that an index is to be built of
 * @param index in place of it: an index, whose rows and metric are taken
 * @param metric how vectors are compared
 * @param recall the share of the true neighbours that searches are to find
 * @param k how many neighbours searches look for
 * @param maxBytesPerRow the most memory that the index may take
 * @param vectors where vectors are going to be, memory or mapped: what counts as memory
 * @param sampleRows how many rows are drawn to measure with
 * @param queries how many of these are taken for queries
 * @param seed decides which
 * @param nlist numbers of lists to try; by default a quarter, half, once and twice of what a build
 *     of so many rows would choose
 * @param quantizer the quantizers to try; all by default
 * @param dimension how many dimensions to try; by default all, a half and a quarter
 */
public record AdviseSettings(
    Optional<InputSettings> input,
    Optional<String> index,
    @Default("l2") Metric metric,
    @Default("0.95") double recall,
    @Default("10") int k,
    Optional<Double> maxBytesPerRow,
    @Default("memory") Vectors vectors,
    @Default("20000") int sampleRows,
    @Default("300") int queries,
    @Default("42") long seed,
    List<Integer> nlist,
    List<String> quantizer,
    List<Integer> dimension) {

  /** Where vectors are going to be. */
  public enum Vectors {
    /** In memory. */
    MEMORY,
    /** In the files. */
    MAPPED
  }

  public AdviseSettings {
    if (input.isPresent() == index.isPresent()) {
      throw new IllegalArgumentException("give either input.path or index");
    }
    index.ifPresent(SettingRules::index);
    if (!(recall > 0 && recall <= 1)) {
      throw new IllegalArgumentException("recall " + recall + " is not in (0, 1]");
    }
    SettingRules.atLeastOne("k", k);
    SettingRules.atLeastOne("queries", queries);
    if (sampleRows < 2 * queries) {
      throw new IllegalArgumentException(
          "sample-rows " + sampleRows + " is less than twice the queries, " + queries);
    }
    if (maxBytesPerRow.isPresent() && !(maxBytesPerRow.get() > 0)) {
      throw new IllegalArgumentException(
          "max-bytes-per-row " + maxBytesPerRow.get() + " is not larger than 0");
    }
    nlist.forEach(lists -> SettingRules.atLeastOne("nlist", lists));
    quantizer.forEach(SettingRules::quantizer);
    dimension.forEach(values -> SettingRules.atLeastOne("dimension", values));
  }
}
