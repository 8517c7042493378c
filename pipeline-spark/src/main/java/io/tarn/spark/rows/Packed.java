package io.tarn.spark.rows;

import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.ObjectInputStream;
import java.io.ObjectOutputStream;
import java.io.ObjectStreamClass;
import java.io.Serializable;
import java.io.UncheckedIOException;

/**
 * An object as bytes, for broadcasts and for the results of tasks. Spark moves those with the
 * serializer the user chose, and Kryo, which many choose, cannot serialize records.
 */
public final class Packed<T extends Serializable> implements Serializable {
  private final byte[] bytes;
  private transient T value;

  private Packed(byte[] bytes) {
    this.bytes = bytes;
  }

  /** Packs an object. */
  public static <T extends Serializable> Packed<T> of(T value) {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    try (ObjectOutputStream out = new ObjectOutputStream(bytes)) {
      out.writeObject(value);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    return new Packed<>(bytes.toByteArray());
  }

  /** The object; unpacked once in each place it comes to. */
  public synchronized T get() {
    if (value == null) {
      value = unpack();
    }
    return value;
  }

  @SuppressWarnings("unchecked") // It is what went in.
  private T unpack() {
    try (ObjectInputStream in = new JobClassesInput(bytes)) {
      return (T) in.readObject();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    } catch (ClassNotFoundException e) {
      throw new IllegalStateException("packed by another version of the job", e);
    }
  }

  /** Finds the job's classes, which Spark's own class loader does not see. */
  private static final class JobClassesInput extends ObjectInputStream {
    JobClassesInput(byte[] bytes) throws IOException {
      super(new ByteArrayInputStream(bytes));
    }

    @Override
    protected Class<?> resolveClass(ObjectStreamClass description)
        throws IOException, ClassNotFoundException {
      try {
        return Class.forName(description.getName(), false, Packed.class.getClassLoader());
      } catch (ClassNotFoundException e) {
        return super.resolveClass(description);
      }
    }
  }
}
