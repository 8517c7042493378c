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
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;

/** Loads segments as planned, several at a time if there is room. */
final class SegmentLoader {
  private final MemoryPlan plan;
  private final PageCache cache;
  private SearchModel model;

  /** Where the model comes from. */
  interface ModelSource {
    SearchModel get() throws IOException;
  }

  /**
   * @param cache for pages of vectors; null unless the plan's tier is remote
   */
  SegmentLoader(MemoryPlan plan, PageCache cache) {
    this.plan = plan;
    this.cache = cache;
  }

  /** The model that the segments were loaded with. */
  SearchModel model() {
    return model;
  }

  /**
   * Loads segments, and closes their readers; they come in the order of these.
   *
   * @param source gives the model, meanwhile if several threads are allowed
   */
  List<LoadedSegment> load(List<SegmentReader> readers, ModelSource source) throws IOException {
    List<LoadedSegment> loaded = new ArrayList<>();
    if (plan.threads() <= 1) {
      model = source.get();
      for (SegmentReader reader : readers) {
        loaded.add(new LoadedSegment(read(reader), model));
      }
      return loaded;
    }
    // One more than segments at once, so that the model never waits for a segment.
    ExecutorService executor = Executors.newFixedThreadPool(plan.threads() + 1);
    try {
      Semaphore segmentsAtOnce = new Semaphore(plan.threads());
      Future<SearchModel> futureModel = executor.submit(source::get);
      List<Future<LoadedSegment>> futures = new ArrayList<>();
      for (SegmentReader reader : readers) {
        futures.add(executor.submit(() -> load(reader, futureModel, segmentsAtOnce)));
      }
      model = futureModel.get();
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

  private LoadedSegment load(
      SegmentReader reader, Future<SearchModel> futureModel, Semaphore segmentsAtOnce)
      throws IOException, InterruptedException {
    segmentsAtOnce.acquire();
    try {
      Segment segment = read(reader);
      return new LoadedSegment(segment, futureModel.get());
    } catch (ExecutionException e) {
      throw rethrown(e);
    } finally {
      segmentsAtOnce.release();
    }
  }

  private Segment read(SegmentReader reader) throws IOException {
    try (reader) {
      return switch (plan.tier()) {
        case MEMORY -> reader.read();
        case MAPPED -> reader.readMapped();
        case REMOTE -> reader.readCached(cache);
        case AUTO -> throw new IllegalStateException("a plan names a tier");
      };
    }
  }
}
