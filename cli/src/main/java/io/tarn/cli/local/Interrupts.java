package io.tarn.cli.local;

import java.lang.reflect.Method;
import java.lang.reflect.Proxy;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicBoolean;

/**
 * Ctrl-C, and a polite {@code kill}, as an event of our own instead of the JVM's end, until closed.
 * Shutdown hooks would come too late for a job in this JVM: those of its engine run at the same
 * time.
 */
public final class Interrupts implements AutoCloseable {
  private static final String[] SIGNALS = {"INT", "TERM"};

  /** What to hand back, by signal. */
  private final List<Restore> restores = new ArrayList<>();

  private final AtomicBoolean happened = new AtomicBoolean();
  private final Runnable action;

  private Interrupts(Runnable action) {
    this.action = action;
  }

  private interface Restore {
    void run() throws ReflectiveOperationException;
  }

  /**
   * Runs {@code action}, on a thread of the JVM's, at the first interrupt. A second one ends the
   * JVM as ever.
   */
  public static Interrupts onFirst(Runnable action) {
    Interrupts interrupts = new Interrupts(action);
    try {
      for (String name : SIGNALS) {
        interrupts.take(name);
      }
    } catch (ReflectiveOperationException | IllegalArgumentException e) {
      // Not in this JVM, or the signal is taken: then it ends the JVM, which is safe too.
    }
    return interrupts;
  }

  /** By name: javac warns about these classes, though every JDK has them. */
  private void take(String name) throws ReflectiveOperationException {
    Class<?> signalType = Class.forName("sun.misc.Signal");
    Class<?> handlerType = Class.forName("sun.misc.SignalHandler");
    Method handle = signalType.getMethod("handle", signalType, handlerType);
    Object signal = signalType.getConstructor(String.class).newInstance(name);
    Object ours =
        Proxy.newProxyInstance(
            handlerType.getClassLoader(),
            new Class<?>[] {handlerType},
            (proxy, method, args) -> {
              if (method.getName().equals("handle") && happened.compareAndSet(false, true)) {
                close();
                action.run();
              }
              return null;
            });
    Object theirs = handle.invoke(null, signal, ours);
    synchronized (this) {
      restores.add(() -> handle.invoke(null, signal, theirs));
    }
  }

  /** Hands the signals back. */
  @Override
  public synchronized void close() {
    try {
      for (Restore restore : restores) {
        restore.run();
      }
    } catch (ReflectiveOperationException e) {
      throw new IllegalStateException("cannot hand a signal back", e);
    }
    restores.clear();
  }
}
