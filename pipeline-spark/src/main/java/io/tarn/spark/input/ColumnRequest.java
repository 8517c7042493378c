package io.tarn.spark.input;

import io.tarn.index.feature.IdType;
import io.tarn.index.feature.Schema;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/**
 * What a job wants from the columns of its input.
 *
 * @param input names the columns
 * @param vectors whether vectors (or texts) are wanted; ids are enough to delete
 * @param idType the type the ids must have, or empty to take the one they have
 * @param attributeTypes the schema the attributes must fit, or empty to take the types they have
 * @param opColumn the column that tells upserts from deletes
 * @param allDeleted whether every row is a delete
 * @param defaultOrder the order of every row if the input has no order column
 * @param addsAttributes whether columns may be attributes that {@code attributeTypes} lacks
 */
public record ColumnRequest(
    InputSettings input,
    boolean vectors,
    Optional<IdType> idType,
    Optional<Schema> attributeTypes,
    Optional<String> opColumn,
    boolean allDeleted,
    long defaultOrder,
    boolean addsAttributes) {

  /** Rows for a new index, or to embed. */
  public static ColumnRequest forNewIndex(InputSettings input, long defaultOrder) {
    return new ColumnRequest(
        input,
        true,
        Optional.empty(),
        Optional.empty(),
        Optional.empty(),
        false,
        defaultOrder,
        true);
  }

  /** Upserts, and deletes where {@code opColumn} says so, for an index. */
  public static ColumnRequest forChanges(
      InputSettings input,
      Schema schema,
      Optional<String> opColumn,
      long defaultOrder,
      boolean addsAttributes) {
    return new ColumnRequest(
        input,
        true,
        Optional.of(schema.idType()),
        Optional.of(schema),
        opColumn,
        false,
        defaultOrder,
        addsAttributes);
  }

  /** Ids to delete from an index. */
  public static ColumnRequest forDeletes(InputSettings input, Schema schema, long defaultOrder) {
    return new ColumnRequest(
        input,
        false,
        Optional.of(schema.idType()),
        Optional.empty(),
        Optional.empty(),
        true,
        defaultOrder,
        false);
  }

  /**
   * The attributes asked for by name. Where none are, those of the index, or, if attributes may be
   * added, all columns that serve no other purpose.
   */
  List<String> attributeNames(List<String> columns) {
    if (allDeleted) {
      return List.of();
    }
    if (addsAttributes && input.attributes().isEmpty() && attributeTypes.isPresent()) {
      Set<String> others = new HashSet<>(Set.of(input.idColumn()));
      others.add(input.contentColumn());
      input.orderColumn().ifPresent(others::add);
      opColumn.ifPresent(others::add);
      return columns.stream().filter(column -> !others.contains(column)).toList();
    }
    if (!input.attributes().isEmpty() || attributeTypes.isEmpty()) {
      return input.attributes();
    }
    return attributeTypes.get().attributes().stream()
        .map(attribute -> attribute.name())
        .filter(columns::contains)
        .toList();
  }
}
