package io.tarn.flink.sql;

import java.io.Serializable;
import java.util.List;

/**
 * What searches do with a query.
 *
 * @param table names the table in messages
 * @param openedAs the index
 * @param columns what results consist of, before the score
 * @param probe how many lists are looked at
 * @param filters conditions that results fulfil, all of them
 * @param skipBadQueries whether a vector that cannot be searched for has no results; otherwise the
 *     job fails
 */
record Searches(
    String table,
    OpenedAs openedAs,
    TableColumns columns,
    ProbeChoice probe,
    List<String> filters,
    boolean skipBadQueries)
    implements Serializable {
  Searches {
    filters = List.copyOf(filters);
  }
}
