package io.tarn.index.snapshot;

import java.util.Objects;

/**
 * What a change made by maintenance relies on. With it the change can be committed although others
 * were since the version it was made from.
 *
 * @param madeFrom the version in which it was settled which rows are the newest of their ids
 * @param oldModelId the model of that version
 * @param newModel the model that takes its place, or null if it stays
 * @param maxForgottenOrder the largest order of the deletes that the change leaves out though they
 *     are the newest of their ids; {@link #NOTHING_FORGOTTEN} if there are none
 * @param trained whether the lists of the new model were trained anew, on all rows, and are not the
 *     old ones but for some
 */
public record Upkeep(
    long madeFrom, String oldModelId, ModelRef newModel, long maxForgottenOrder, boolean trained) {
  /** Smaller than any order. */
  public static final long NOTHING_FORGOTTEN = Long.MIN_VALUE;

  public Upkeep {
    Objects.requireNonNull(oldModelId, "oldModelId");
    if (trained && newModel == null) {
      throw new IllegalArgumentException("lists that were trained anew make a new model");
    }
  }
}
