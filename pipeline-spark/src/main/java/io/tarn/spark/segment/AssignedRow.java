package io.tarn.spark.segment;

import io.tarn.index.feature.Feature;

/**
 * A feature, or delete, and where it belongs.
 *
 * @param list the list's place in the model's list ids; {@link ListRanges#DELETES} for a delete
 */
record AssignedRow(int list, Feature feature) {}
