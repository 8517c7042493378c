package io.tarn.index.format;

import java.io.IOException;
import java.util.ArrayDeque;
import java.util.concurrent.atomic.AtomicReferenceArray;

/**
 * Pages of vectors read from a storage, up to a number of bytes. What was not looked at for a full
 * round of evictions goes first (the clock algorithm). Pages that are being read count from before
 * their reading begins, so that the cache never holds more than its capacity. Thread-safe; a page
 * that is there is found without a lock.
 */
public final class PageCache {
  /** What a page takes beside its floats. */
  static final int PAGE_OVERHEAD_BYTES = 96;

  /** Reads of different pages rarely wait for each other. */
  private static final int STRIPES = 64;

  /** Reads a page. */
  interface Reader {
    float[] read(int page) throws IOException;
  }

  private static final class Page {
    final float[] floats;
    final AtomicReferenceArray<Page> owner;
    final int number;
    volatile boolean touched;

    Page(float[] floats, AtomicReferenceArray<Page> owner, int number) {
      this.floats = floats;
      this.owner = owner;
      this.number = number;
    }

    long bytes() {
      return (long) Float.BYTES * floats.length + PAGE_OVERHEAD_BYTES;
    }
  }

  /** The pages of one file. */
  final class File {
    private final AtomicReferenceArray<Page> pages;
    private final Object[] stripes = new Object[STRIPES];

    File(int pageCount) {
      this.pages = new AtomicReferenceArray<>(pageCount);
      for (int i = 0; i < STRIPES; i++) {
        stripes[i] = new Object();
      }
    }

    /**
     * The floats of a page, which must not be changed.
     *
     * @param readBytes how much memory reading the page takes beside its floats, while it lasts
     */
    float[] get(int page, int floatCount, int readBytes, Reader reader) throws IOException {
      Page found = pages.get(page);
      if (found == null) {
        synchronized (stripes[page % STRIPES]) {
          found = pages.get(page);
          if (found == null) {
            return load(page, floatCount, readBytes, reader);
          }
        }
      }
      if (!found.touched) {
        found.touched = true;
      }
      return found.floats;
    }

    private float[] load(int number, int floatCount, int readBytes, Reader reader)
        throws IOException {
      long kept = (long) Float.BYTES * floatCount + PAGE_OVERHEAD_BYTES;
      reserve(kept + readBytes);
      Page page = null;
      try {
        page = new Page(reader.read(number), pages, number);
        return page.floats;
      } finally {
        settle(page, page == null ? kept + readBytes : readBytes);
      }
    }
  }

  private final ArrayDeque<Page> clock = new ArrayDeque<>();
  private long capacityBytes;
  private long heldBytes;

  /**
   * @param capacityBytes more than the largest page takes while it is read
   */
  public PageCache(long capacityBytes) {
    this.capacityBytes = capacityBytes;
  }

  /** Room for the pages of one more file. */
  File file(int pageCount) {
    return new File(pageCount);
  }

  /** The most bytes held. */
  public synchronized long capacityBytes() {
    return capacityBytes;
  }

  /** Bytes held now, pages being read included. */
  public synchronized long heldBytes() {
    return heldBytes;
  }

  /** Makes room for less, or for more. */
  public synchronized void resize(long newCapacityBytes) {
    capacityBytes = newCapacityBytes;
    evictFor(0);
    notifyAll();
  }

  private synchronized void reserve(long bytes) throws IOException {
    boolean interrupted = false;
    while (!evictFor(bytes)) {
      if (bytes > capacityBytes) {
        throw new IOException(
            "a page of " + bytes + " bytes does not fit a cache of " + capacityBytes);
      }
      // All the room is taken by pages being read; each wakes us when it has been.
      try {
        wait();
      } catch (InterruptedException e) {
        interrupted = true;
      }
    }
    heldBytes += bytes;
    if (interrupted) {
      Thread.currentThread().interrupt();
    }
  }

  private synchronized void settle(Page page, long releasedBytes) {
    heldBytes -= releasedBytes;
    if (page != null) {
      page.owner.set(page.number, page);
      clock.addLast(page);
      evictFor(0);
    }
    notifyAll();
  }

  /** Whether there is room for {@code bytes} more, once nothing more can be evicted. */
  private boolean evictFor(long bytes) {
    while (heldBytes + bytes > capacityBytes && !clock.isEmpty()) {
      Page page = clock.removeFirst();
      if (page.touched) {
        page.touched = false;
        clock.addLast(page);
      } else {
        page.owner.set(page.number, null);
        heldBytes -= page.bytes();
      }
    }
    return heldBytes + bytes <= capacityBytes;
  }
}
