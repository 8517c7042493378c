package io.tarn.spark.live;

import io.tarn.index.feature.Schema;
import io.tarn.index.filter.Filter;
import java.io.Serializable;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/**
 * Which live rows are wanted, and what of them beside ids, lists and orders.
 *
 * @param schema of the index
 * @param vectors whether vectors are wanted
 * @param attributes the attributes wanted
 * @param filters what rows must fulfil, as {@link Filter#parse} reads it
 */
public record RowContent(
    Schema schema, boolean vectors, List<String> attributes, List<String> filters)
    implements Serializable {

  /** The filters as one; empty if there are none. */
  Optional<Filter> filter() {
    if (filters.isEmpty()) {
      return Optional.empty();
    }
    return Optional.of(
        Filter.and(
            filters.stream().map(text -> Filter.parse(text, schema)).toArray(Filter[]::new)));
  }

  /** The attributes that must be read: those wanted and those the filters look at. */
  Set<String> attributesRead() {
    Set<String> names = new HashSet<>(attributes);
    filter().ifPresent(filter -> names.addAll(filter.names()));
    return names;
  }
}
