package io.tarn.index.search;

import static org.assertj.core.api.Assertions.assertThat;

import io.tarn.index.kernel.CodeKernels;
import io.tarn.index.segment.CodeColumns;
import java.util.SplittableRandom;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Whatever is rounded when codes are laid out, no bound becomes tighter than the codes allow. */
class CodeBlocksTest {
  private static final int DIMENSION = 24;
  private static final int ROWS = 64 * 40;

  /** Rounding up is done by adding 0.999 of a step. */
  private static final double TOLERATED_STEPS = 0.0011;

  private static float floatOffset(CodeBlocks blocks, int block, int slot) {
    int at = factorsAt(blocks, block, slot);
    int stored = blocks.bytes()[at + 2] & 0xFF | blocks.bytes()[at + 3] << 8;
    int parameter = block * CodeKernels.BLOCK_PARAMETERS;
    return blocks.parameters()[parameter] + blocks.parameters()[parameter + 1] * stored;
  }

  private static int factorsAt(CodeBlocks blocks, int block, int slot) {
    return blocks.at(block) + blocks.pairs() * CodeKernels.PAIR_BYTES + 4 * slot;
  }

  private static int factor(CodeBlocks blocks, int block, int slot, int which) {
    return blocks.bytes()[factorsAt(blocks, block, slot) + which] & 0xFF;
  }

  /**
   * @param base offsets lie around it, within about one: the larger it is, the more of them is lost
   *     to the rounding of floats
   */
  @ParameterizedTest
  @ValueSource(doubles = {0, 1, 1e3, 1e5, 1e7})
  void offsetsAreRoundedDownAndErrorsUp(double base) {
    SplittableRandom random = new SplittableRandom(Double.hashCode(base));
    byte[] bits = new byte[ROWS * DIMENSION / 8];
    random.nextBytes(bits);
    CodeColumns codes = new CodeColumns(bits, new float[ROWS], new float[ROWS], new float[ROWS]);
    float[] products = new float[ROWS];
    for (int row = 0; row < ROWS; row++) {
      codes.offsets()[row] = (float) (base + random.nextDouble());
      codes.scales()[row] = (float) random.nextDouble(0.1, 1);
      codes.errors()[row] = (float) random.nextDouble(0.1, 1);
      products[row] = (float) random.nextDouble(-1, 1);
    }
    CodeBlocks blocks =
        CodeBlocks.of(
            DIMENSION,
            codes,
            new int[] {0, ROWS},
            (list, rows) -> (ignored, at) -> products[at / (DIMENSION / 8)]);
    int aboveHalfAStep = 0;
    for (int row = 0; row < ROWS; row++) {
      int block = row / CodeKernels.BLOCK_ROWS;
      int slot = row % CodeKernels.BLOCK_ROWS;
      float[] parameters = blocks.parameters();
      int parameter = block * CodeKernels.BLOCK_PARAMETERS;
      double scaleStep = parameters[parameter + 3];
      double scale = parameters[parameter + 2] + scaleStep * factor(blocks, block, slot, 1);
      assertThat(Math.abs(scale - codes.scales()[row])).isLessThanOrEqualTo(0.501 * scaleStep);

      // Half a step of the scale, times the longest sum of signs in units of its deviation.
      double needed =
          CodeBlocks.errors(DIMENSION) * Math.max(codes.errors()[row], 0.5 * codes.scales()[row])
              + scaleStep / 2 * Math.sqrt(DIMENSION);
      double errorStep = parameters[parameter + 4];
      double error = errorStep * factor(blocks, block, slot, 0);
      assertThat(error).isBetween(needed - TOLERATED_STEPS * errorStep, needed + errorStep);
      aboveHalfAStep += error > needed + errorStep / 2 ? 1 : 0;

      double exact = codes.offsets()[row] + scale * products[row];
      double stored = floatOffset(blocks, block, slot);
      assertThat(stored).as("offset of row %s", row).isLessThanOrEqualTo(exact);
      assertThat(exact - stored).isLessThanOrEqualTo(blocks.offsetRounding(block));
    }
    // Rounded up, that is, and not just made larger.
    assertThat(aboveHalfAStep).isBetween(ROWS / 4, ROWS * 3 / 4);
  }
}
