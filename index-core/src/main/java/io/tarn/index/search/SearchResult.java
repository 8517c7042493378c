package io.tarn.index.search;

import io.tarn.index.snapshot.Snapshot;
import java.util.List;

/**
 * The answer to a search, and what it was answered from.
 *
 * @param snapshot the snapshot searched; its positions and times tell how fresh the answer is
 * @param hits the nearest first; equal distances by id
 * @param listsProbed how many lists were looked at
 * @param rowsScanned how many distances were computed
 */
public record SearchResult(Snapshot snapshot, List<Hit> hits, int listsProbed, long rowsScanned) {}
