package io.tarn.index.centroid;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.IntConsumer;
import java.util.function.ObjIntConsumer;
import java.util.function.Supplier;

/**
 * Threads that share tasks which do not depend on each other, so that results do not depend on who
 * did what.
 */
final class Workers implements AutoCloseable {
  private final int threads;
  private final ExecutorService executor;

  Workers(int threads) {
    this.threads = threads;
    this.executor = threads > 1 ? Executors.newFixedThreadPool(threads) : null;
  }

  /** The calling thread alone. */
  static Workers none() {
    return new Workers(1);
  }

  /** Runs tasks 0 to {@code tasks - 1}, begun in this order; returns when all are done. */
  void forEach(int tasks, IntConsumer task) {
    forEach(tasks, () -> task, IntConsumer::accept);
  }

  /**
   * Runs tasks as {@link #forEach(int, IntConsumer)} does, each with what its thread has made for
   * itself: memory to use again, which no result may depend on.
   */
  <T> void forEach(int tasks, Supplier<T> own, ObjIntConsumer<T> task) {
    if (executor == null) {
      T mine = own.get();
      for (int i = 0; i < tasks; i++) {
        task.accept(mine, i);
      }
      return;
    }
    AtomicInteger next = new AtomicInteger();
    List<Future<?>> shares = new ArrayList<>();
    for (int t = 0; t < threads; t++) {
      shares.add(
          executor.submit(
              () -> {
                T mine = own.get();
                for (int i = next.getAndIncrement(); i < tasks; i = next.getAndIncrement()) {
                  task.accept(mine, i);
                }
              }));
    }
    try {
      for (Future<?> share : shares) {
        share.get();
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IllegalStateException("interrupted while training", e);
    } catch (ExecutionException e) {
      throw new IllegalStateException("training failed", e.getCause());
    }
  }

  @Override
  public void close() {
    if (executor != null) {
      executor.shutdownNow();
    }
  }
}
