package io.tarn.index.search;

import io.tarn.index.snapshot.Snapshot;
import java.util.List;

/**
 * The answer to a search, and what it was answered from.
 *
 * @param snapshot the snapshot searched; its positions and times tell how fresh the answer is
 * @param hits the nearest first; equal distances by id
 * @param effort what it took
 */
public record SearchResult(Snapshot snapshot, List<Hit> hits, SearchEffort effort) {}
