package io.tarn.index.kernel.simd;

import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorShuffle;

/** Operations across the lanes of a vector. */
final class Lanes {
  /** Whether a mask is turned into bits by an instruction: on JDK 17 it is a loop over lanes. */
  static final boolean MASKS_ARE_BITS = Runtime.version().feature() >= 18;

  private static final int COUNT = FloatVector.SPECIES_PREFERRED.length();
  private static final VectorShuffle<Float> SWAP_1 = swap(1);
  private static final VectorShuffle<Float> SWAP_2 = swap(2);
  private static final VectorShuffle<Float> SWAP_4 = swap(4);
  private static final VectorShuffle<Float> SWAP_8 = swap(8);

  private Lanes() {}

  /** The partner of each lane at a distance. */
  static VectorShuffle<Float> swap(int stride) {
    return VectorShuffle.fromOp(FloatVector.SPECIES_PREFERRED, lane -> (lane ^ stride) % COUNT);
  }

  /**
   * The sum of all lanes, added in the same order always. The Vector API's own reduction adds in
   * one order before a method is compiled and in another afterwards, so that a distance could
   * differ from itself.
   */
  static float sum(FloatVector vector) {
    FloatVector sum = vector;
    if (COUNT > 8) {
      sum = sum.add(sum.rearrange(SWAP_8));
    }
    if (COUNT > 4) {
      sum = sum.add(sum.rearrange(SWAP_4));
    }
    sum = sum.add(sum.rearrange(SWAP_2));
    return sum.add(sum.rearrange(SWAP_1)).lane(0);
  }
}
