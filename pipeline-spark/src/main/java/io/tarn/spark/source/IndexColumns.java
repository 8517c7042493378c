package io.tarn.spark.source;

import io.tarn.index.feature.Schema;
import io.tarn.index.segment.AttributeColumn;
import io.tarn.index.segment.Segment;
import io.tarn.spark.rows.FeatureTable;
import java.util.Arrays;
import java.util.List;
import org.apache.spark.sql.catalyst.expressions.UnsafeArrayData;
import org.apache.spark.sql.types.DataTypes;
import org.apache.spark.sql.types.StructType;
import org.apache.spark.unsafe.types.UTF8String;

/**
 * The columns under which Spark sees the rows of an index: {@code id}, {@code vector}, the
 * attributes, {@code order} and {@code list}. The last two are left out where an attribute has the
 * name.
 */
final class IndexColumns {
  static final String ID = "id";
  static final String VECTOR = "vector";

  /** What tells which version of an id is the newest. */
  static final String ORDER = "order";

  /** The number of the list the row belongs to. */
  static final String LIST = "list";

  private IndexColumns() {}

  /** All columns of the table of an index. */
  static StructType type(Schema schema) {
    StructType type = FeatureTable.type(schema);
    if (!contains(type, ORDER)) {
      type = type.add(ORDER, DataTypes.LongType, false);
    }
    return contains(type, LIST) ? type : type.add(LIST, DataTypes.IntegerType, false);
  }

  /** Spark resolves names without regard to case, unless it is told otherwise. */
  private static boolean contains(StructType type, String name) {
    return Arrays.stream(type.fieldNames()).anyMatch(name::equalsIgnoreCase);
  }

  /** The columns of the given names that are attributes. */
  static List<String> attributes(Schema schema, String[] names) {
    return Arrays.stream(names).filter(name -> schema.attributeIndex(name) >= 0).toList();
  }

  /** Gives the values of one column, as Spark holds them inside. */
  interface Values {
    Object get(int row);
  }

  /** The values of a column of a segment. */
  static Values values(Segment segment, Schema schema, String name) {
    int attribute = schema.attributeIndex(name);
    if (attribute >= 0) {
      return values(segment.attributes().get(attribute));
    }
    return switch (name) {
      case ID -> values(segment.ids().values());
      case VECTOR ->
          row -> UnsafeArrayData.fromPrimitiveArray(segment.vectors().get(row - segment.deletes()));
      case ORDER -> row -> segment.orders().get(row);
      case LIST -> lists(segment);
      default -> throw new IllegalStateException("there is no column '" + name + "'");
    };
  }

  private static Values lists(Segment segment) {
    int[] lists = segment.lists().toArray();
    return row -> lists[row];
  }

  private static Values values(AttributeColumn column) {
    // An if, as a switch over sealed types needs Java 21.
    if (column instanceof AttributeColumn.Numbers numbers) {
      return switch (numbers.type()) {
        // Timestamps are microseconds here and there.
        case LONG, TIMESTAMP -> row -> numbers.isNull(row) ? null : numbers.keys()[row];
        case DOUBLE -> numbers::get;
        case STRING, BOOLEAN -> throw new IllegalStateException(numbers.type() + " is no number");
      };
    } else if (column instanceof AttributeColumn.CodedTexts coded) {
      UTF8String[] texts = new UTF8String[coded.dictionary().size()];
      return row -> {
        if (coded.isNull(row)) {
          return null;
        }
        int code = coded.codes().get(row);
        if (texts[code] == null) {
          texts[code] = UTF8String.fromString(coded.dictionary().get(code));
        }
        return texts[code];
      };
    } else if (column instanceof AttributeColumn.Texts texts) {
      return row -> texts.isNull(row) ? null : UTF8String.fromString(texts.texts().get(row));
    }
    return column::get;
  }
}
