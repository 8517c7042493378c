package io.tarn.index.kernel;

import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Chooses, once, the fastest kernels this JVM can run. */
public final class Kernels {
  private static final Logger LOG = LoggerFactory.getLogger(Kernels.class);
  private static final String SIMD = "io.tarn.index.kernel.simd.SimdKernels";
  private static final String SIMD_CODES = "io.tarn.index.kernel.simd.SimdCodeKernels";
  private static final VectorKernels BEST = choose();
  private static final CodeKernels BEST_CODES = chooseCodes();

  private Kernels() {}

  /** The kernels to use. */
  public static VectorKernels best() {
    return BEST;
  }

  /** The plain Java kernels: the reference the others are tested against. */
  public static VectorKernels scalar() {
    return new ScalarKernels();
  }

  /** The kernels over codes to use. */
  public static CodeKernels codes() {
    return BEST_CODES;
  }

  /** The kernels over codes in plain Java. */
  public static CodeKernels scalarCodes() {
    return new ScalarCodeKernels();
  }

  private static CodeKernels chooseCodes() {
    if (BEST instanceof ScalarKernels) {
      return new ScalarCodeKernels();
    }
    try {
      return (CodeKernels) Class.forName(SIMD_CODES).getDeclaredConstructor().newInstance();
    } catch (ReflectiveOperationException e) {
      throw new IllegalStateException("the SIMD kernels are only in part on the class path", e);
    }
  }

  private static VectorKernels choose() {
    VectorKernels kernels;
    try {
      // By name: the class cannot even be linked without --add-modules jdk.incubator.vector.
      kernels = (VectorKernels) Class.forName(SIMD).getDeclaredConstructor().newInstance();
    } catch (ReflectiveOperationException | LinkageError e) {
      LOG.warn(
          "Searching without SIMD, several times slower: start java with --add-modules"
              + " jdk.incubator.vector");
      return new ScalarKernels();
    }
    LOG.debug("Vector kernels: {}", kernels.description());
    return kernels;
  }
}
