package io.tarn.spark.advise;

import java.io.Serializable;

/**
 * What a candidate was measured to be like.
 *
 * @param candidate the settings
 * @param nprobe the fewest lists, doubled from 1 on, at which the wanted recall was reached; all
 *     lists if it was not
 * @param recall what was reached with these: the share of the true neighbours, by all values of the
 *     vectors, among the hits
 * @param memoryBytes bytes of memory a row, vectors included
 * @param codeBytes bytes of memory a row if vectors stay in the files
 * @param fileBytes bytes of a row in files
 * @param rowsScanned rows whose codes a search looks at
 * @param queryBytes about how many bytes a search reads from memory: its cost
 */
public record Advice(
    Candidate candidate,
    int nprobe,
    double recall,
    double memoryBytes,
    double codeBytes,
    double fileBytes,
    double rowsScanned,
    double queryBytes)
    implements Serializable {}
