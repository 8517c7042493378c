package io.tarn.index.kernel.simd;

import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorMask;
import jdk.incubator.vector.VectorShuffle;

/** Operations across the lanes of a vector. */
final class Lanes {
  /** Whether a mask is turned into bits by an instruction: on JDK 17 it is a loop over lanes. */
  static final boolean MASKS_ARE_BITS = Runtime.version().feature() >= 18;

  private static final int COUNT = FloatVector.SPECIES_PREFERRED.length();
  static final VectorShuffle<Float> SWAP_1 = swap(1);
  static final VectorShuffle<Float> SWAP_2 = swap(2);
  private static final VectorShuffle<Float> SWAP_4 = swap(4);
  private static final VectorShuffle<Float> SWAP_8 = swap(8);

  /**
   * Where the sums of four vectors stand that {@link #SWAP_HALF} describes: every so many lanes.
   */
  static final int QUARTER = COUNT / 4;

  /**
   * With these, four vectors are summed in little more than the time of one, and in the order of
   * {@link #sum}: the first and third are added to themselves half a vector further, each in its
   * half of one vector, so are the second and fourth, and the two that come out likewise by
   * quarters. It is written out wherever it is needed, for a vector must not leave a method that
   * the compiler may not inline.
   */
  static final VectorShuffle<Float> SWAP_HALF = swap(COUNT / 2);

  static final VectorShuffle<Float> SWAP_QUARTER = swap(QUARTER);
  static final VectorMask<Float> UPPER_HALF = withStride(COUNT / 2);
  static final VectorMask<Float> ODD_QUARTERS = withStride(QUARTER);

  private Lanes() {}

  /** The lanes whose number has this bit. */
  private static VectorMask<Float> withStride(int stride) {
    long bits = 0;
    for (int lane = 0; lane < COUNT; lane++) {
      bits |= (lane & stride) != 0 ? 1L << lane : 0;
    }
    return VectorMask.fromLong(FloatVector.SPECIES_PREFERRED, bits);
  }

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
