package io.tarn.index.format;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.LockSupport;
import org.junit.jupiter.api.Test;

class PageCacheTest {
  private static final int FLOATS = 100;
  private static final int READ_BYTES = 450;
  private static final int PAGE_BYTES = FLOATS * Float.BYTES + PageCache.PAGE_OVERHEAD_BYTES;

  private final AtomicInteger reads = new AtomicInteger();

  private float[] read(int page) {
    reads.incrementAndGet();
    float[] floats = new float[FLOATS];
    floats[0] = page;
    return floats;
  }

  private float get(PageCache.File file, int page) throws IOException {
    return file.get(page, FLOATS, READ_BYTES, this::read)[0];
  }

  @Test
  void aPageThatIsThereIsNotReadAgain() throws IOException {
    PageCache cache = new PageCache(3 * PAGE_BYTES + READ_BYTES);
    PageCache.File file = cache.file(10);

    for (int i = 0; i < 5; i++) {
      assertThat(get(file, 1)).isEqualTo(1);
      assertThat(get(file, 2)).isEqualTo(2);
    }

    assertThat(reads).hasValue(2);
    assertThat(cache.heldBytes()).isEqualTo(2 * PAGE_BYTES);
  }

  @Test
  void whatIsLookedAtAgainStays() throws IOException {
    PageCache cache = new PageCache(3 * PAGE_BYTES + READ_BYTES);
    PageCache.File file = cache.file(50);
    for (int page = 1; page < 50; page++) {
      get(file, page);
      get(file, 0);
    }

    assertThat(reads).hasValue(50);
  }

  @Test
  void filesDoNotSharePages() throws IOException {
    PageCache cache = new PageCache(10 * PAGE_BYTES);
    PageCache.File one = cache.file(10);
    PageCache.File two = cache.file(10);

    get(one, 1);
    get(two, 1);

    assertThat(reads).hasValue(2);
  }

  @Test
  void whatCannotBeReadIsNotHeldAndTriedAgain() throws IOException {
    PageCache cache = new PageCache(PAGE_BYTES + READ_BYTES);
    PageCache.File file = cache.file(2);
    PageCache.Reader broken =
        page -> {
          throw new IOException("broken");
        };

    for (int i = 0; i < 3; i++) {
      assertThatThrownBy(() -> file.get(0, FLOATS, READ_BYTES, broken)).hasMessage("broken");
    }

    assertThat(cache.heldBytes()).isZero();
    assertThat(get(file, 0)).isZero();
  }

  @Test
  void aPageLargerThanTheCacheIsAnError() {
    PageCache cache = new PageCache(PAGE_BYTES + READ_BYTES - 1);

    assertThatThrownBy(() -> get(cache.file(1), 0))
        .isInstanceOf(IOException.class)
        .hasMessageContaining("does not fit a cache of " + (PAGE_BYTES + READ_BYTES - 1));
  }

  @Test
  void aSmallerCacheForgets() throws IOException {
    PageCache cache = new PageCache(20 * PAGE_BYTES);
    PageCache.File file = cache.file(10);
    for (int page = 0; page < 10; page++) {
      get(file, page);
    }

    cache.resize(4 * PAGE_BYTES);

    assertThat(cache.heldBytes()).isEqualTo(4 * PAGE_BYTES);
    assertThat(get(file, 9)).isEqualTo(9);
  }

  /** Room for two pages at a time, and eight threads that want others. */
  @Test
  void threadsGetTheirPagesAndTheCacheNeverExceedsItsBytes() throws Exception {
    long capacity = 2 * (PAGE_BYTES + READ_BYTES);
    PageCache cache = new PageCache(capacity);
    PageCache.File file = cache.file(40);
    AtomicInteger reading = new AtomicInteger();
    AtomicInteger mostReading = new AtomicInteger();
    PageCache.Reader slow =
        page -> {
          mostReading.accumulateAndGet(reading.incrementAndGet(), Math::max);
          assertThat(cache.heldBytes()).isLessThanOrEqualTo(capacity);
          LockSupport.parkNanos(20_000);
          reading.decrementAndGet();
          return read(page);
        };
    List<Callable<Void>> threads = new ArrayList<>();
    for (int t = 0; t < 8; t++) {
      Random random = new Random(t);
      threads.add(
          () -> {
            for (int i = 0; i < 500; i++) {
              int page = random.nextInt(40);
              assertThat(file.get(page, FLOATS, READ_BYTES, slow)[0]).isEqualTo(page);
              assertThat(cache.heldBytes()).isLessThanOrEqualTo(capacity);
            }
            return null;
          });
    }
    ExecutorService executor = Executors.newFixedThreadPool(threads.size());
    try {
      for (Future<Void> outcome : executor.invokeAll(threads)) {
        outcome.get();
      }
    } finally {
      executor.shutdownNow();
    }
    assertThat(mostReading.get()).isLessThanOrEqualTo(2);
  }
}
