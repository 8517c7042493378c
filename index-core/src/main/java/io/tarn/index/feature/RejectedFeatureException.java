package io.tarn.index.feature;

/**
 * A feature that cannot be taken into the index. Thrown for data, not for faults: it carries no
 * stack trace, and its callers set the row aside with the reason.
 */
public final class RejectedFeatureException extends Exception {
  private static final long serialVersionUID = 1L;

  /** Why a feature was refused; the names appear in dead-letter headers and rejects tables. */
  public enum Reason {
    UNPARSABLE,
    /** Larger than the pipeline takes. */
    OVERSIZED,
    MISSING_ID,
    /** Not of the index's id type, or two ids that disagree. */
    BAD_ID,
    MISSING_VECTOR,
    WRONG_DIMENSION,
    NOT_FINITE,
    ZERO_VECTOR,
    BAD_ATTRIBUTE,
    NOT_EMBEDDABLE,
    /** Made by another embedder than the index's. */
    OTHER_EMBEDDER
  }

  private final Reason reason;

  public RejectedFeatureException(Reason reason, String message) {
    super(message, null, false, false);
    this.reason = reason;
  }

  /** The kind of defect; {@link #getMessage()} has the particulars. */
  public Reason reason() {
    return reason;
  }
}
