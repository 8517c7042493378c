package io.tarn.index.search;

import io.tarn.index.feature.FeatureId;
import java.util.Map;

/**
 * One answer.
 *
 * @param id the feature
 * @param distance squared l2, 1 - cosine, or negative inner product: smaller is nearer
 * @param attributes every attribute of the schema by name, null where the feature has none
 */
public record Hit(FeatureId id, float distance, Map<String, Object> attributes) {}
