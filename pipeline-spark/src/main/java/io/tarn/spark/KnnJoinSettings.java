package io.tarn.spark;

import io.tarn.settings.Default;
import io.tarn.spark.search.KnnOptions;

/**
 * What to look for in an index.
 *
 * @param index the index
 * @param queries the table of queries
 * @param output where the neighbours go, as a Parquet table; it must not exist
 * @param k how many neighbours of each query
 * @param search how they are looked for
 */
public record KnnJoinSettings(
    String index, QuerySettings queries, String output, @Default("10") int k, KnnOptions search) {
  public KnnJoinSettings {
    SettingRules.index(index);
    SettingRules.atLeastOne("k", k);
    SettingRules.output(output);
  }
}
