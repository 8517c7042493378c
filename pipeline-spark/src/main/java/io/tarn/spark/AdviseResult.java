package io.tarn.spark;

import io.tarn.spark.advise.Advice;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * What settings were measured to be like, and which are recommended.
 *
 * @param rows how many rows there are
 * @param sampleRows how many were indexed to measure
 * @param dimension values of a vector
 * @param advice for each candidate
 * @param recommended the cheapest to search of those that fulfil what is wanted, with all
 *     dimensions; empty if none does
 * @param reduced the cheapest with fewer dimensions, if it is cheaper than that
 * @param seconds how long each step took
 */
public record AdviseResult(
    long rows,
    int sampleRows,
    int dimension,
    List<Advice> advice,
    Optional<Advice> recommended,
    Optional<Advice> reduced,
    Map<String, Double> seconds) {}
