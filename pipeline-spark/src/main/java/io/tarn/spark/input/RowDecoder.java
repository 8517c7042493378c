package io.tarn.spark.input;

import io.tarn.index.feature.Attribute;
import io.tarn.index.feature.AttributeType;
import io.tarn.index.feature.FeatureId;
import io.tarn.index.feature.IdType;
import io.tarn.index.feature.RejectedFeatureException;
import io.tarn.index.feature.RejectedFeatureException.Reason;
import io.tarn.spark.rows.InputRow;
import io.tarn.spark.rows.Run;
import java.io.Serializable;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.TimeUnit;
import org.apache.spark.sql.catalyst.InternalRow;
import org.apache.spark.sql.catalyst.util.ArrayData;
import org.apache.spark.sql.types.ByteType;
import org.apache.spark.sql.types.DataType;
import org.apache.spark.sql.types.DateType;
import org.apache.spark.sql.types.DoubleType;
import org.apache.spark.sql.types.FloatType;
import org.apache.spark.sql.types.IntegerType;
import org.apache.spark.sql.types.LongType;
import org.apache.spark.sql.types.ShortType;
import org.apache.spark.sql.types.StringType;
import org.apache.spark.unsafe.types.UTF8String;

/**
 * Makes input rows of Spark's internal rows, which hold a vector as one block of floats where a
 * {@link org.apache.spark.sql.Row} would hold an object for each. Made by {@link InputColumns}.
 */
public final class RowDecoder implements Serializable {
  static final int ABSENT = -1;

  private static final int SHOWN_CHARS = 80;
  private static final long MILLIS_PER_DAY = TimeUnit.DAYS.toMillis(1);
  private static final long MICROS_PER_MILLI = 1000;
  private static final long MICROS_PER_SECOND = 1_000_000;
  private static final long SECONDS_PER_DAY = TimeUnit.DAYS.toSeconds(1);

  /** What the content column holds. */
  enum Content {
    NONE,
    VECTOR,
    VECTOR_WITH_NULLS,
    VECTOR_TEXT,
    TEXT
  }

  /** Collects what {@link InputColumns} finds; ordinals are places in the selected columns. */
  static final class Builder {
    RowOrder order;
    int idOrdinal = ABSENT;
    DataType idColumnType;
    IdType idType;
    int contentOrdinal = ABSENT;
    Content content = Content.NONE;
    int orderOrdinal = ABSENT;
    DataType orderType;
    long defaultOrder;
    int opOrdinal = ABSENT;
    boolean allDeleted;
    int maxRowBytes;
    int corruptOrdinal = ABSENT;
    int fileOrdinal = ABSENT;
    int blockOrdinal = ABSENT;
    final List<Attribute> attributes = new ArrayList<>();
    final List<Integer> attributeOrdinals = new ArrayList<>();
    final List<DataType> attributeColumnTypes = new ArrayList<>();

    RowDecoder build() {
      return new RowDecoder(this);
    }
  }

  private final RowOrder rowOrder;
  private final int idOrdinal;
  private final DataType idColumnType;
  private final IdType idType;
  private final int contentOrdinal;
  private final Content content;
  private final int orderOrdinal;
  private final DataType orderType;
  private final long defaultOrder;
  private final int opOrdinal;
  private final boolean allDeleted;
  private final int maxRowBytes;
  private final int corruptOrdinal;
  private final int fileOrdinal;
  private final int blockOrdinal;
  private final List<Attribute> attributes;
  private final int[] attributeOrdinals;
  private final DataType[] attributeColumnTypes;

  private RowDecoder(Builder builder) {
    rowOrder = builder.order;
    idOrdinal = builder.idOrdinal;
    idColumnType = builder.idColumnType;
    idType = builder.idType;
    contentOrdinal = builder.contentOrdinal;
    content = builder.content;
    orderOrdinal = builder.orderOrdinal;
    orderType = builder.orderType;
    defaultOrder = builder.defaultOrder;
    opOrdinal = builder.opOrdinal;
    allDeleted = builder.allDeleted;
    maxRowBytes = builder.maxRowBytes;
    corruptOrdinal = builder.corruptOrdinal;
    fileOrdinal = builder.fileOrdinal;
    blockOrdinal = builder.blockOrdinal;
    attributes = List.copyOf(builder.attributes);
    attributeOrdinals = builder.attributeOrdinals.stream().mapToInt(Integer::intValue).toArray();
    attributeColumnTypes = builder.attributeColumnTypes.toArray(DataType[]::new);
  }

  /** The type of the ids. */
  public IdType idType() {
    return idType;
  }

  /** The attributes, in the order of {@link InputRow.Readable#attributes()}. */
  public List<Attribute> attributes() {
    return attributes;
  }

  /**
   * Whether the number of a row is known from the row itself, so that rows need not be counted
   * first.
   */
  public boolean rowsAreNumbered() {
    return rowOrder == RowOrder.NUMBERED;
  }

  /** Decodes the rows of a partition, one after the other. */
  public DecodedRows decode(Iterator<InternalRow> rows, int partition) {
    return new DecodedRows(this, rows, partition);
  }

  /** Whether a row belongs to the run of the row before. */
  boolean goesOn(InternalRow row, CurrentRun current) {
    return rowOrder != RowOrder.BY_FILE
        || (current.run.block() == row.getLong(blockOrdinal)
            && current.file.equals(row.getUTF8String(fileOrdinal)));
  }

  /** The run that begins with a row. */
  CurrentRun beginningAt(InternalRow row, int partition) {
    return switch (rowOrder) {
      case NUMBERED -> new CurrentRun(Run.NUMBERED, null);
      case BY_PARTITION -> new CurrentRun(new Run("", partition), null);
      case BY_FILE -> {
        UTF8String file = row.getUTF8String(fileOrdinal);
        // The row's own bytes are overwritten by the next row.
        yield new CurrentRun(new Run(file.toString(), row.getLong(blockOrdinal)), file.clone());
      }
    };
  }

  /** A run, and its file in the form in which rows have it: comparing that needs no new object. */
  record CurrentRun(Run run, UTF8String file) {}

  /**
   * Decodes a row.
   *
   * @param indexInRun how many rows of its run came before; the row's position until the runs
   *     before it are counted
   */
  InputRow decode(InternalRow row, long indexInRun) {
    long position = rowsAreNumbered() ? row.getLong(idOrdinal) : indexInRun;
    String idText = row.isNullAt(idOrdinal) ? null : idText(row);
    try {
      checkSize(row);
      if (corruptOrdinal != ABSENT && !row.isNullAt(corruptOrdinal)) {
        throw new RejectedFeatureException(
            Reason.UNPARSABLE,
            "the line cannot be parsed: " + shortened(row.getUTF8String(corruptOrdinal)));
      }
      FeatureId id = id(row, idText);
      long order = order(row);
      if (isDelete(row)) {
        return new InputRow.Readable(id, null, null, order, position, true, new Object[0]);
      }
      return new InputRow.Readable(
          id, vector(row), text(row), order, position, false, attributeValues(row));
    } catch (RejectedFeatureException e) {
      return new InputRow.Rejected(idText, position, e.reason(), e.getMessage());
    }
  }

  /** Before anything of the row is unpacked. */
  private void checkSize(InternalRow row) throws RejectedFeatureException {
    long bytes = textBytes(row, idOrdinal, idColumnType);
    if (contentOrdinal != ABSENT && !row.isNullAt(contentOrdinal)) {
      bytes +=
          switch (content) {
            case NONE -> 0;
            case VECTOR, VECTOR_WITH_NULLS ->
                (long) Float.BYTES * row.getArray(contentOrdinal).numElements();
            case VECTOR_TEXT, TEXT -> row.getUTF8String(contentOrdinal).numBytes();
          };
    }
    for (int i = 0; i < attributeOrdinals.length; i++) {
      bytes += textBytes(row, attributeOrdinals[i], attributeColumnTypes[i]);
    }
    if (bytes > maxRowBytes) {
      throw new RejectedFeatureException(
          Reason.OVERSIZED,
          "the row has " + bytes + " bytes, input.max-row-bytes allows " + maxRowBytes);
    }
  }

  private static long textBytes(InternalRow row, int ordinal, DataType type) {
    return ordinal != ABSENT && type instanceof StringType && !row.isNullAt(ordinal)
        ? row.getUTF8String(ordinal).numBytes()
        : 0;
  }

  private String idText(InternalRow row) {
    return idColumnType instanceof StringType
        ? row.getUTF8String(idOrdinal).toString()
        : Long.toString(wholeNumber(row, idOrdinal, idColumnType));
  }

  private FeatureId id(InternalRow row, String idText) throws RejectedFeatureException {
    if (idText == null || idText.isEmpty()) {
      throw new RejectedFeatureException(
          Reason.MISSING_ID, idText == null ? "the id is missing" : "the id is empty");
    }
    if (idType == IdType.INT64 && !(idColumnType instanceof StringType)) {
      return FeatureId.of(wholeNumber(row, idOrdinal, idColumnType));
    }
    try {
      return FeatureId.parse(idType, idText);
    } catch (IllegalArgumentException e) {
      throw new RejectedFeatureException(Reason.UNPARSABLE, e.getMessage());
    }
  }

  private long order(InternalRow row) throws RejectedFeatureException {
    if (orderOrdinal == ABSENT) {
      return defaultOrder;
    }
    if (row.isNullAt(orderOrdinal)) {
      throw new RejectedFeatureException(Reason.UNPARSABLE, "the order is missing");
    }
    if (orderType instanceof DateType) {
      return row.getInt(orderOrdinal) * MILLIS_PER_DAY;
    }
    return isTimestamp(orderType)
        ? Math.floorDiv(row.getLong(orderOrdinal), MICROS_PER_MILLI)
        : wholeNumber(row, orderOrdinal, orderType);
  }

  private boolean isDelete(InternalRow row) throws RejectedFeatureException {
    if (opOrdinal == ABSENT) {
      return allDeleted;
    }
    String op =
        row.isNullAt(opOrdinal)
            ? "null"
            : row.getUTF8String(opOrdinal).toString().strip().toLowerCase(Locale.ROOT);
    return switch (op) {
      case "upsert" -> false;
      case "delete" -> true;
      default ->
          throw new RejectedFeatureException(
              Reason.UNPARSABLE, "the op is '" + op + "': it must be upsert or delete");
    };
  }

  private float[] vector(InternalRow row) throws RejectedFeatureException {
    boolean absent = content == Content.NONE || content == Content.TEXT;
    if (absent || row.isNullAt(contentOrdinal)) {
      return null;
    }
    if (content == Content.VECTOR_TEXT) {
      try {
        return VectorText.parse(row.getUTF8String(contentOrdinal).toString());
      } catch (IllegalArgumentException e) {
        throw new RejectedFeatureException(Reason.UNPARSABLE, e.getMessage());
      }
    }
    ArrayData values = row.getArray(contentOrdinal);
    if (content == Content.VECTOR_WITH_NULLS) {
      for (int i = 0; i < values.numElements(); i++) {
        if (values.isNullAt(i)) {
          throw new RejectedFeatureException(
              Reason.NOT_FINITE, "value " + i + " of the vector is null");
        }
      }
    }
    return values.toFloatArray();
  }

  private String text(InternalRow row) throws RejectedFeatureException {
    if (content != Content.TEXT) {
      return null;
    }
    if (row.isNullAt(contentOrdinal)) {
      throw new RejectedFeatureException(Reason.MISSING_VECTOR, "the text is missing");
    }
    return row.getUTF8String(contentOrdinal).toString();
  }

  private Object[] attributeValues(InternalRow row) {
    Object[] values = new Object[attributeOrdinals.length];
    for (int i = 0; i < values.length; i++) {
      int ordinal = attributeOrdinals[i];
      if (ordinal != ABSENT && !row.isNullAt(ordinal)) {
        values[i] = attributeValue(row, ordinal, attributeColumnTypes[i], attributes.get(i).type());
      }
    }
    return values;
  }

  private static Object attributeValue(
      InternalRow row, int ordinal, DataType columnType, AttributeType type) {
    return switch (type) {
      case STRING -> row.getUTF8String(ordinal).toString();
      case LONG -> wholeNumber(row, ordinal, columnType);
      case DOUBLE -> {
        if (columnType instanceof DoubleType) {
          yield row.getDouble(ordinal);
        }
        yield columnType instanceof FloatType
            ? (double) row.getFloat(ordinal)
            : (double) wholeNumber(row, ordinal, columnType);
      }
      case BOOLEAN -> row.getBoolean(ordinal);
      case TIMESTAMP ->
          columnType instanceof DateType
              ? Instant.ofEpochSecond(row.getInt(ordinal) * SECONDS_PER_DAY)
              : instantOfMicros(row.getLong(ordinal));
    };
  }

  private static Instant instantOfMicros(long micros) {
    return Instant.ofEpochSecond(
        Math.floorDiv(micros, MICROS_PER_SECOND),
        TimeUnit.MICROSECONDS.toNanos(Math.floorMod(micros, MICROS_PER_SECOND)));
  }

  private static boolean isTimestamp(DataType type) {
    return !(type instanceof ByteType
        || type instanceof ShortType
        || type instanceof IntegerType
        || type instanceof LongType);
  }

  private static long wholeNumber(InternalRow row, int ordinal, DataType type) {
    if (type instanceof LongType) {
      return row.getLong(ordinal);
    } else if (type instanceof IntegerType) {
      return row.getInt(ordinal);
    }
    return type instanceof ShortType ? row.getShort(ordinal) : row.getByte(ordinal);
  }

  private static String shortened(UTF8String line) {
    String text = line.toString();
    return text.length() <= SHOWN_CHARS ? text : text.substring(0, SHOWN_CHARS) + "…";
  }
}
