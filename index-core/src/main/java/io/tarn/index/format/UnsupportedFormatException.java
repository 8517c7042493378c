package io.tarn.index.format;

import java.io.IOException;

/** A sound file that was written in a newer version of the format than this Tarn knows. */
public final class UnsupportedFormatException extends IOException {
  private static final long serialVersionUID = 1L;

  public UnsupportedFormatException(String path, int found, int known) {
    super(
        path
            + " is written in format version "
            + found
            + ", this Tarn reads versions up to "
            + known
            + ": use a newer Tarn");
  }

  /** A file of an index whose vectors are coded in an unknown way. */
  public UnsupportedFormatException(String path, String quantizer) {
    super(
        path
            + " has quantizer '"
            + quantizer
            + "', which this Tarn does not know: use a newer Tarn");
  }
}
