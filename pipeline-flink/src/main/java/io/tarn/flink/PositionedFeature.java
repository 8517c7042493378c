package io.tarn.flink;

import io.tarn.index.feature.Feature;

/**
 * What a record brings, and where it was. There is one for every record, good or bad, since the
 * index must learn the positions of all of them.
 *
 * @param source the source's name in snapshots
 * @param partition the record's partition
 * @param offset its place there
 * @param timestampMs the record's timestamp
 * @param feature the upsert or delete, or null if the record was set aside
 */
public record PositionedFeature(
    String source, int partition, long offset, long timestampMs, Feature feature) {}
