package io.tarn.flink.sql;

import io.tarn.index.feature.Schema;
import io.tarn.index.filter.Filter;
import java.util.List;
import java.util.Optional;

/** Conditions as options give them. */
final class Filters {
  private Filters() {}

  /**
   * All of them as one; empty if there are none.
   *
   * @throws io.tarn.index.filter.FilterException if one is none, or does not fit the schema
   */
  static Optional<Filter> parse(List<String> expressions, Schema schema) {
    List<Filter> filters = expressions.stream().map(text -> Filter.parse(text, schema)).toList();
    return switch (filters.size()) {
      case 0 -> Optional.empty();
      case 1 -> Optional.of(filters.get(0));
      default -> Optional.of(Filter.and(filters.toArray(Filter[]::new)));
    };
  }
}
