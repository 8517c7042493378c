package io.tarn.spark.input;

import io.tarn.index.feature.Attribute;
import io.tarn.index.feature.AttributeType;
import io.tarn.index.feature.IdType;
import io.tarn.index.feature.Schema;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import org.apache.spark.sql.Column;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.functions;
import org.apache.spark.sql.types.ArrayType;
import org.apache.spark.sql.types.DataType;
import org.apache.spark.sql.types.DataTypes;
import org.apache.spark.sql.types.FloatType;
import org.apache.spark.sql.types.NumericType;
import org.apache.spark.sql.types.StringType;
import org.apache.spark.sql.types.StructType;

/**
 * The columns of an input that a job needs: found by name, their types checked, and put into a
 * fixed order for a {@link RowDecoder}.
 */
public final class InputColumns {
  private static final String FILE = "file_path";
  private static final String BLOCK = "file_block_start";

  private final InputTable table;
  private final ColumnRequest request;
  private final StructType schema;
  private final List<Column> selected = new ArrayList<>();
  private final RowDecoder decoder;

  private InputColumns(InputTable table, ColumnRequest request) {
    this.table = table;
    this.request = request;
    this.schema = table.rows().schema();
    this.decoder = resolve();
  }

  /**
   * Finds the columns.
   *
   * @throws UnusableInputException if a column is missing or of a type that cannot be used; the
   *     message lists what there is
   */
  public static InputColumns resolve(InputTable table, ColumnRequest request) {
    return new InputColumns(table, request);
  }

  /** The rows, with the columns the {@link #decoder} expects. */
  public Dataset<Row> rows() {
    return table.rows().select(selected.toArray(Column[]::new));
  }

  /** What makes input rows of these columns. */
  public RowDecoder decoder() {
    return decoder;
  }

  /** The type of the ids. */
  public IdType idType() {
    return decoder.idType();
  }

  /** The attributes, typed. */
  public List<Attribute> attributes() {
    return decoder.attributes();
  }

  private RowDecoder resolve() {
    InputSettings input = request.input();
    RowDecoder.Builder builder = new RowDecoder.Builder();
    builder.order = table.order();
    builder.defaultOrder = request.defaultOrder();
    builder.allDeleted = request.allDeleted();
    builder.maxRowBytes = input.maxRowBytes();
    resolveId(input.idColumn(), builder);
    if (request.vectors()) {
      resolveContent(input, builder);
    }
    input
        .orderColumn()
        .ifPresent(
            name -> {
              builder.orderOrdinal = select(name, "order-column");
              builder.orderType = checkOrder(name);
            });
    request
        .opColumn()
        .ifPresent(
            name -> {
              builder.opOrdinal = select(name, "op-column");
              check(name, "op-column", type(name) instanceof StringType, "text");
            });
    table
        .corruptColumn()
        .filter(Arrays.asList(schema.fieldNames())::contains)
        .ifPresent(name -> builder.corruptOrdinal = select(name, "corrupt column"));
    if (table.order() == RowOrder.BY_FILE) {
      Column metadata = table.rows().metadataColumn("_metadata");
      builder.fileOrdinal = select(metadata.getField(FILE));
      builder.blockOrdinal = select(metadata.getField(BLOCK));
    }
    resolveAttributes(builder);
    return builder.build();
  }

  private void resolveId(String name, RowDecoder.Builder builder) {
    builder.idOrdinal = select(name, "id-column");
    builder.idColumnType = type(name);
    boolean text = type(name) instanceof StringType;
    check(
        name,
        "id-column",
        text || AttributeTypes.isWholeNumber(type(name)),
        "text or a whole number");
    builder.idType = request.idType().orElse(text ? IdType.STRING : IdType.INT64);
  }

  private void resolveContent(InputSettings input, RowDecoder.Builder builder) {
    if (input.textColumn().isPresent()) {
      String name = input.textColumn().get();
      check(name, "text-column", type(name, "text-column") instanceof StringType, "text");
      builder.contentOrdinal = select(name, "text-column");
      builder.content = RowDecoder.Content.TEXT;
      return;
    }
    String name = input.vectorColumn();
    DataType type = type(name, "vector-column");
    boolean numbers = type instanceof ArrayType array && array.elementType() instanceof NumericType;
    boolean text = type instanceof StringType;
    check(name, "vector-column", numbers || text, "an array of numbers, or text such as [0.5, 2]");
    if (text) {
      builder.contentOrdinal = select(name, "vector-column");
      builder.content = RowDecoder.Content.VECTOR_TEXT;
      return;
    }
    boolean mayHoldNulls = ((ArrayType) type).containsNull();
    Column vector = column(name);
    builder.contentOrdinal =
        select(
            ((ArrayType) type).elementType() instanceof FloatType
                ? vector
                : vector.cast(DataTypes.createArrayType(DataTypes.FloatType, mayHoldNulls)));
    builder.content =
        mayHoldNulls ? RowDecoder.Content.VECTOR_WITH_NULLS : RowDecoder.Content.VECTOR;
  }

  private DataType checkOrder(String name) {
    DataType type = type(name);
    check(
        name,
        "order-column",
        AttributeTypes.isWholeNumber(type)
            || type.equals(DataTypes.DateType)
            || type.equals(DataTypes.TimestampType)
            || type.equals(DataTypes.TimestampNTZType),
        "a whole number, a date or a timestamp");
    return type;
  }

  private void resolveAttributes(RowDecoder.Builder builder) {
    List<String> columns = new ArrayList<>(List.of(schema.fieldNames()));
    table.corruptColumn().ifPresent(columns::remove);
    List<String> names = request.attributeNames(columns);
    Optional<Schema> wanted = request.attributeTypes();
    Set<String> seen = new HashSet<>();
    for (String name : names) {
      if (!seen.add(name)) {
        throw new UnusableInputException("attribute '" + name + "' is named twice");
      }
      int ordinal = select(name, "attributes");
      AttributeType found = attributeType(name);
      if (wanted.isEmpty()) {
        builder.attributes.add(attribute(name, found));
        builder.attributeOrdinals.add(ordinal);
        builder.attributeColumnTypes.add(type(name));
      } else if (wanted.get().attributeIndex(name) < 0) {
        wanted = Optional.of(grown(wanted.get(), attribute(name, found)));
      }
    }
    wanted.ifPresent(index -> alignAttributes(index, names, builder));
  }

  private Schema grown(Schema index, Attribute attribute) {
    if (!request.addsAttributes()) {
      throw new UnusableInputException(
          "the index has no attribute '"
              + attribute.name()
              + "'; it has "
              + listed(index)
              + ". Set add-attributes to true to add it");
    }
    try {
      return index.withAttributes(List.of(attribute));
    } catch (IllegalArgumentException e) {
      throw new UnusableInputException(e.getMessage(), e);
    }
  }

  private static Attribute attribute(String name, AttributeType type) {
    try {
      return new Attribute(name, type);
    } catch (IllegalArgumentException e) {
      throw new UnusableInputException(e.getMessage(), e);
    }
  }

  /** Puts the columns in the order of the index's attributes; one that is not there is null. */
  private void alignAttributes(Schema index, List<String> names, RowDecoder.Builder builder) {
    for (Attribute attribute : index.attributes()) {
      builder.attributes.add(attribute);
      if (!names.contains(attribute.name())) {
        builder.attributeOrdinals.add(RowDecoder.ABSENT);
        builder.attributeColumnTypes.add(null);
        continue;
      }
      AttributeType found = attributeType(attribute.name());
      boolean widened = found == AttributeType.LONG && attribute.type() == AttributeType.DOUBLE;
      check(
          attribute.name(),
          "attribute",
          found == attribute.type() || widened,
          "the attribute's type in the index, " + attribute.type().externalName());
      builder.attributeOrdinals.add(select(attribute.name(), "attributes"));
      builder.attributeColumnTypes.add(type(attribute.name()));
    }
  }

  private AttributeType attributeType(String name) {
    return AttributeTypes.of(type(name))
        .orElseThrow(() -> unusable(name, "attributes", AttributeTypes.SUPPORTED));
  }

  private int select(String name, String setting) {
    type(name, setting);
    return select(column(name));
  }

  private int select(Column column) {
    selected.add(column);
    return selected.size() - 1;
  }

  private static Column column(String name) {
    return functions.col("`" + name.replace("`", "``") + "`");
  }

  private DataType type(String name) {
    return schema.apply(name).dataType();
  }

  private DataType type(String name, String setting) {
    if (!Arrays.asList(schema.fieldNames()).contains(name)) {
      throw new UnusableInputException(
          "the input has no column '"
              + name
              + "' ("
              + setting
              + "); its columns are "
              + String.join(", ", schema.fieldNames()));
    }
    return type(name);
  }

  private void check(String name, String setting, boolean usable, String supported) {
    if (!usable) {
      throw unusable(name, setting, supported);
    }
  }

  private UnusableInputException unusable(String name, String setting, String supported) {
    return new UnusableInputException(
        "column '"
            + name
            + "' ("
            + setting
            + ") has the type "
            + type(name).simpleString()
            + "; it must be "
            + supported);
  }

  private static String listed(Schema index) {
    return index.attributes().isEmpty() ? "none" : index.describeAttributes();
  }
}
