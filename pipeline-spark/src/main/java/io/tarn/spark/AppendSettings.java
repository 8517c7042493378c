package io.tarn.spark;

import io.tarn.settings.Default;
import io.tarn.spark.input.InputSettings;
import java.util.Optional;

/**
 * What to append to an index.
 *
 * @param index the index
 * @param input the table of upserts and deletes. Attributes are matched to those of the index by
 *     name: without {@code attributes} all columns are taken that have the name of one, and those
 *     of the index that the table lacks are null
 * @param opColumn the column that says {@code upsert} or {@code delete}; without it every row is an
 *     upsert
 * @param addAttributes columns that are named as {@code attributes} and that the index lacks are
 *     added to its schema, of all its rows null but these; if none are named, all columns that
 *     serve no other purpose. Otherwise they are refused
 * @param delete every row is a delete; only ids (and orders) are read
 * @param segmentBytes about how large a segment becomes
 * @param rejects where rows that are set aside are written, as a Parquet table; they are only
 *     counted if this is not given
 * @param maxRejectedShare the job fails if a larger share of the rows is set aside
 */
public record AppendSettings(
    String index,
    InputSettings input,
    Optional<String> opColumn,
    @Default("false") boolean addAttributes,
    @Default("false") boolean delete,
    @Default("268435456") long segmentBytes,
    Optional<String> rejects,
    @Default("0.5") double maxRejectedShare) {
  public AppendSettings {
    SettingRules.index(index);
    SettingRules.segmentBytes(segmentBytes);
    SettingRules.share("max-rejected-share", maxRejectedShare);
    if (delete && opColumn.isPresent()) {
      throw new IllegalArgumentException(
          "delete and op-column are both given: with delete every row is a delete");
    }
    if (delete && addAttributes) {
      throw new IllegalArgumentException(
          "delete and add-attributes are both given: deletes have no attributes");
    }
  }
}
