package io.tarn.spark.advise;

import java.io.Serializable;

/**
 * Settings that an index may have.
 *
 * @param nlist lists
 * @param quantizer how vectors are coded
 * @param dimension values of a vector: those of the data, or fewer, by principal components
 */
public record Candidate(int nlist, String quantizer, int dimension) implements Serializable {}
