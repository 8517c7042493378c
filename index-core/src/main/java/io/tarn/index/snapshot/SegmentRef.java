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
 * @param squaredError the sum of the squared Euclidean distances of its features to the centroids
 *     of their lists; {@link #UNKNOWN_ERROR} where nobody counted
 */
public record SegmentRef(
    FileRef file,
    long sequence,
    long rows,
    long deletes,
    long minOrder,
    long maxOrder,
    double squaredError)
    implements Serializable {
  /** The sequence of a segment no commit has published yet. */
  public static final long UNCOMMITTED = 0;

  /** The squared error of a segment that says nothing of it, or whose rows are too far away. */
  public static final double UNKNOWN_ERROR = -1;

  public SegmentRef {
    Objects.requireNonNull(file, "file");
    if (rows < 0 || deletes < 0) {
      throw new IllegalArgumentException(
          file.path() + " is recorded with " + rows + " rows and " + deletes + " deletes");
    }
    if (!(squaredError >= 0 && squaredError < Double.POSITIVE_INFINITY)) {
      squaredError = UNKNOWN_ERROR;
    }
  }

  /** A segment of which nobody counted how far its rows are from their centroids. */
  public SegmentRef(
      FileRef file, long sequence, long rows, long deletes, long minOrder, long maxOrder) {
    this(file, sequence, rows, deletes, minOrder, maxOrder, UNKNOWN_ERROR);
  }

  /** Whether {@link #squaredError} is one. */
  boolean isErrorKnown() {
    return squaredError >= 0;
  }

  /** The path of the file, which identifies the segment. */
  public String path() {
    return file.path();
  }

  /** This segment as brought in by the commit of {@code version}; kept if it has one already. */
  public SegmentRef committedIn(long version) {
    return sequence == UNCOMMITTED
        ? new SegmentRef(file, version, rows, deletes, minOrder, maxOrder, squaredError)
        : this;
  }
}
