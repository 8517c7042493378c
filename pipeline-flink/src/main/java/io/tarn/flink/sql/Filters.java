package io.tarn.flink.sql;

import io.tarn.index.feature.Schema;
import io.tarn.index.filter.Filter;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;

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

  /** The attributes a filter looks at, and perhaps the id. */
  static Set<String> names(Filter filter) {
    Set<String> names = new HashSet<>();
    addNames(filter, names);
    return names;
  }

  private static void addNames(Filter filter, Set<String> names) {
    // An if, as a switch over sealed types needs Java 21.
    if (filter instanceof Filter.And and) {
      and.terms().forEach(term -> addNames(term, names));
    } else if (filter instanceof Filter.Or or) {
      or.terms().forEach(term -> addNames(term, names));
    } else if (filter instanceof Filter.Not not) {
      addNames(not.term(), names);
    } else if (filter instanceof Filter.Comparison comparison) {
      names.add(comparison.name());
    } else if (filter instanceof Filter.In in) {
      names.add(in.name());
    } else {
      names.add(((Filter.IsNull) filter).name());
    }
  }
}
