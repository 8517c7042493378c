package io.tarn.index.snapshot;

import java.util.Objects;

/**
 * The model of a snapshot.
 *
 * @param id the content address: the first 32 hex digits of the SHA-256 of the file
 * @param file the Parquet file
 * @param lists how many lists it has
 * @param quantizer the {@link io.tarn.index.quantize.Quantizer#type} of the segments' codes
 */
public record ModelRef(String id, FileRef file, int lists, String quantizer) {
  public ModelRef {
    Objects.requireNonNull(id, "id");
    Objects.requireNonNull(file, "file");
    Objects.requireNonNull(quantizer, "quantizer");
  }
}
