package io.tarn.index.search;

/**
 * What a search took. The times are those of the clock, so they include waiting for a processor.
 *
 * @param listsProbed how many lists were looked at
 * @param rowsScanned how many rows they hold
 * @param rowsRefined of how many rows that their signs did not rule out the full code was looked at
 * @param rowsReranked of how many rows the vector was looked at
 * @param rowsDead how many rows came near enough to be looked at, but are superseded
 * @param rowsFiltered how many rows of the lists the filter kept out that are not superseded
 * @param prepareNanos rotating the query and building its lookup tables
 * @param coarseNanos finding the lists
 * @param scanNanos scanning the lists
 * @param rerankNanos computing distances, and collecting the hits
 */
public record SearchEffort(
    int listsProbed,
    long rowsScanned,
    long rowsRefined,
    long rowsReranked,
    long rowsDead,
    long rowsFiltered,
    long prepareNanos,
    long coarseNanos,
    long scanNanos,
    long rerankNanos) {}
