package io.tarn.index.search;

import io.tarn.index.format.PageCache;
import io.tarn.index.format.SegmentReader;
import io.tarn.index.segment.Segment;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;

/** Loads segments as planned, several at a time if there is room. */
final class SegmentLoader {
  private final SearchModel model;
  private final MemoryPlan plan;
  private final PageCache cache;

  /**
   * @param cache for pages of vectors; null unless the plan's tier is remote
   */
  SegmentLoader(SearchModel model, MemoryPlan plan, PageCache cache) {
    this.model = model;
    this.plan = plan;
    this.cache = cache;
  }

  /** Loads segments, and closes their readers; they come in the order of these. */
  List<LoadedSegment> load(List<SegmentReader> readers) throws IOException {
    List<LoadedSegment> loaded = new ArrayList<>();
    if (plan.threads() <= 1) {
      for (SegmentReader reader : readers) {
        loaded.add(load(reader));
      }
      return loaded;
    }
    ExecutorService executor = Executors.newFixedThreadPool(plan.threads());
    try {
      List<Future<LoadedSegment>> futures = new ArrayList<>();
      for (SegmentReader reader : readers) {
        futures.add(executor.submit(() -> load(reader)));
      }
      for (Future<LoadedSegment> future : futures) {
        loaded.add(future.get());
      }
      return loaded;
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IOException("interrupted while loading segments", e);
    } catch (ExecutionException e) {
      throw rethrown(e);
    } finally {
      stop(executor);
    }
  }

  private static IOException rethrown(ExecutionException e) {
    if (e.getCause() instanceof RuntimeException runtime) {
      throw runtime;
    }
    if (e.getCause() instanceof Error error) {
      throw error;
    }
    return e.getCause() instanceof IOException io ? io : new IOException(e.getCause());
  }

  /** Waits for the segments under way: their readers are about to be closed. */
  private static void stop(ExecutorService executor) {
    executor.shutdownNow();
    boolean interrupted = false;
    while (!executor.isTerminated()) {
      try {
        executor.awaitTermination(1, TimeUnit.SECONDS);
      } catch (InterruptedException e) {
        interrupted = true;
      }
    }
    if (interrupted) {
      Thread.currentThread().interrupt();
    }
  }

  private LoadedSegment load(SegmentReader reader) throws IOException {
    try (reader) {
      Segment segment =
          switch (plan.tier()) {
            case MEMORY -> reader.read();
            case MAPPED -> reader.readMapped();
            case REMOTE -> reader.readCached(cache);
            case AUTO -> throw new IllegalStateException("a plan names a tier");
          };
      return new LoadedSegment(segment, model);
    }
  }
}
