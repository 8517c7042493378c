package io.tarn.index.format;

/** Names and limits of the on-disk format; docs/FORMAT.md is the authority. */
public final class Format {
  /** The version this code writes, and the newest it reads. */
  public static final int VERSION = 1;

  /** No file of an index is larger, so that every file fits one array. */
  public static final long MAX_FILE_BYTES = 1L << 30;

  /** The list id of deletes. */
  public static final int DELETES_LIST = -1;

  public static final String SEGMENTS = "segments/";
  static final String MODELS = "models/";
  static final String EXTENSION = ".parquet";

  static final String LIST_ID = "list_id";
  static final String ID = "id";
  static final String VECTOR = "vector";
  static final String CODE = "code";
  static final String CODE_OFFSET = "code_offset";
  static final String CODE_SCALE = "code_scale";
  static final String CODE_ERROR = "code_error";
  static final String CODE_FULL = "code_full";
  static final String CODE_FULL_SCALE = "code_full_scale";
  static final String CODE_FULL_ERROR = "code_full_error";
  static final String EVENT_ORDER = "event_order";
  static final String POSITION = "position";
  static final String DELETED = "deleted";

  static final String KEY_KIND = "tarn.kind";
  static final String KEY_FORMAT_VERSION = "tarn.format_version";
  static final String KEY_METRIC = "tarn.metric";
  static final String KEY_QUANTIZER = "tarn.quantizer";

  private Format() {}
}
