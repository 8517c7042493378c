package io.tarn.index.kernel;

import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicBoolean;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Chooses, once, the fastest kernels this JVM can run. */
public final class Kernels {
  private static final String SIMD = "io.tarn.index.kernel.simd.SimdKernels";
  private static final String SIMD_CODES = "io.tarn.index.kernel.simd.SimdCodeKernels";
  private static final CountDownLatch WARM = new CountDownLatch(1);
  private static final AtomicBoolean WARMING = new AtomicBoolean();

  /** Plain until the best are compiled. */
  private static volatile VectorKernels ready = new ScalarKernels();

  private static volatile CodeKernels readyCodes = new ScalarCodeKernels();

  private Kernels() {}

  /** Chosen when they are first asked for: the Vector API takes its time to be loaded. */
  private static final class Choice {
    static final VectorKernels BEST = choose();
    static final CodeKernels BEST_CODES = chooseCodes();
  }

  /** The kernels to use. */
  public static VectorKernels best() {
    return Choice.BEST;
  }

  /** The plain Java kernels: the reference the others are tested against. */
  public static VectorKernels scalar() {
    return new ScalarKernels();
  }

  /** The kernels over codes to use. */
  public static CodeKernels codes() {
    return Choice.BEST_CODES;
  }

  /** The kernels over codes in plain Java. */
  public static CodeKernels scalarCodes() {
    return new ScalarCodeKernels();
  }

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

  /** Has the best kernels compiled by a thread of its own, at the first call. */
  public static void warmUp() {
    if (WARMING.get() || !WARMING.compareAndSet(false, true)) {
      return;
    }
    Thread thread =
        new Thread(
            () -> {
              try {
                useBestOnceWarm();
              } finally {
                WARM.countDown();
              }
            },
            "tarn-warm-up");
    thread.setDaemon(true);
    thread.start();
  }

  private static void useBestOnceWarm() {
    VectorKernels best = best();
    log().debug("Vector kernels: {}", best.description());
    if (!(best instanceof ScalarKernels)) {
      new WarmUp(best, codes(), scalarCodes()).run();
    }
    ready = best;
    readyCodes = codes();
  }

  /** Has the best kernels compiled, and waits for it: for who measures how fast they are. */
  public static void awaitWarm() throws InterruptedException {
    warmUp();
    WARM.await();
  }

  /**
   * A logger looks for its provider in all jars there are: not before there is something to say.
   */
  private static Logger log() {
    return LoggerFactory.getLogger(Kernels.class);
  }

  private static CodeKernels chooseCodes() {
    if (Choice.BEST instanceof ScalarKernels) {
      return new ScalarCodeKernels();
    }
    try {
      return (CodeKernels) Class.forName(SIMD_CODES).getDeclaredConstructor().newInstance();
    } catch (ReflectiveOperationException e) {
      throw new IllegalStateException("the SIMD kernels are only in part on the class path", e);
    }
  }

  private static VectorKernels choose() {
    try {
      // By name: the class cannot even be linked without --add-modules jdk.incubator.vector.
      return (VectorKernels) Class.forName(SIMD).getDeclaredConstructor().newInstance();
    } catch (ReflectiveOperationException | LinkageError e) {
      log()
          .warn(
              "Searching without SIMD, several times slower: start java with --add-modules"
                  + " jdk.incubator.vector");
      return new ScalarKernels();
    }
  }
}
