package io.tarn.index.snapshot;

import java.io.Serializable;
import java.util.Objects;

/**
 * A segment and what is known of it without opening it.
 *
 * @param file the Parquet file
 * @param sequence the version whose commit brought in its rows, which settles equal orders; {@link
 *     #UNCOMMITTED} until the commit gives it
 * @param rows how many features it holds
 * @param deletes how many deletes it holds
 * @param minOrder the smallest event order of its rows and deletes
 * @param maxOrder the largest
 */
public record SegmentRef(
    FileRef file, long sequence, long rows, long deletes, long minOrder, long maxOrder)
    implements Serializable {
  /** The sequence of a segment no commit has published yet. */
  public static final long UNCOMMITTED = 0;

  public SegmentRef {
    Objects.requireNonNull(file, "file");
    if (rows < 0 || deletes < 0) {
      throw new IllegalArgumentException(
          file.path() + " is recorded with " + rows + " rows and " + deletes + " deletes");
    }
  }

  /** The path of the file, which identifies the segment. */
  public String path() {
    return file.path();
  }

  /** This segment as brought in by the commit of {@code version}; kept if it has one already. */
  public SegmentRef committedIn(long version) {
    return sequence == UNCOMMITTED
        ? new SegmentRef(file, version, rows, deletes, minOrder, maxOrder)
        : this;
  }
}
