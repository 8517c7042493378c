package io.tarn.index.kernel;

import java.util.concurrent.atomic.AtomicBoolean;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Chooses, once, the fastest kernels this JVM can run. */
public final class Kernels {
  private static final Logger LOG = LoggerFactory.getLogger(Kernels.class);
  private static final String SIMD = "io.tarn.index.kernel.simd.SimdKernels";
  private static final String SIMD_CODES = "io.tarn.index.kernel.simd.SimdCodeKernels";
  private static final VectorKernels BEST = choose();
  private static final CodeKernels BEST_CODES = chooseCodes();

  private static final AtomicBoolean WARMING = new AtomicBoolean();

  /** Plain until the best are compiled. */
  private static volatile VectorKernels ready = new ScalarKernels();

  private static volatile CodeKernels readyCodes = new ScalarCodeKernels();

  private Kernels() {}

  /**
   * The kernels for work that should not wait for others to be compiled, and whose results nobody
   * compares bit by bit: plain ones, until {@link #warmUp} is through with the best.
   */
  public static VectorKernels ready() {
    return ready;
  }

  /** The kernels over codes for such work. */
  public static CodeKernels readyCodes() {
    return readyCodes;
  }

  /** Has the best kernels compiled by a thread of low priority, at the first call. */
  public static void warmUp() {
    if (WARMING.get() || !WARMING.compareAndSet(false, true)) {
      return;
    }
    if (BEST instanceof ScalarKernels) {
      return;
    }
    WarmUp warmUp =
        new WarmUp(
            BEST,
            BEST_CODES,
            new ScalarCodeKernels(),
            () -> {
              ready = BEST;
              readyCodes = BEST_CODES;
            });
    Thread thread = new Thread(warmUp, "tarn-warm-up");
    thread.setDaemon(true);
    thread.setPriority(Thread.MIN_PRIORITY);
    thread.start();
  }

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
