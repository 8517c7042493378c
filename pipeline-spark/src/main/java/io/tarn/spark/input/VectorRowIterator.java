package io.tarn.spark.input;

import io.tarn.index.vectorfile.VectorFileReader;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.Iterator;
import java.util.NoSuchElementException;
import org.apache.spark.TaskContext;
import org.apache.spark.util.TaskCompletionListener;

/** The rows of one split; the file is closed after the last one, or when the task ends. */
final class VectorRowIterator implements Iterator<VectorRow> {
  private final VectorFileReader reader;
  private long remaining;
  private long nextId;
  private float[] next;

  VectorRowIterator(VectorFileReader reader, long rows, long firstId) {
    this.reader = reader;
    this.remaining = rows;
    this.nextId = firstId;
    TaskContext.get().addTaskCompletionListener((TaskCompletionListener) task -> close());
    advance();
  }

  @Override
  public boolean hasNext() {
    return next != null;
  }

  @Override
  public VectorRow next() {
    if (next == null) {
      throw new NoSuchElementException();
    }
    VectorRow row = new VectorRow();
    row.setId(nextId++);
    row.setVector(next);
    advance();
    return row;
  }

  private void advance() {
    try {
      next = remaining == 0 ? null : reader.next();
    } catch (IOException e) {
      throw new UnusableInputException(e.getMessage(), e);
    }
    remaining--;
    if (next == null) {
      close();
    }
  }

  private void close() {
    try {
      reader.close();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
