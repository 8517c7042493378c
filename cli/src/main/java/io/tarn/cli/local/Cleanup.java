package io.tarn.cli.local;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.Comparator;
import java.util.Deque;
import java.util.List;
import java.util.stream.Stream;
import org.apache.logging.log4j.Level;
import org.apache.logging.log4j.core.config.Configurator;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * What has to be closed and deleted at the end: the last first, whatever the end is. It happens on
 * {@link #close}, or when the JVM is told to stop, as by Ctrl-C.
 */
public final class Cleanup implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(Cleanup.class);
  private static final int DELETE_ATTEMPTS = 5;

  private final Deque<AutoCloseable> open = new ArrayDeque<>();
  private final Thread hook = new Thread(this::closeInterrupted, "cleanup");

  public Cleanup() {
    Runtime.getRuntime().addShutdownHook(hook);
  }

  /** Closes a resource at the end; returns it. */
  public synchronized <T extends AutoCloseable> T add(T resource) {
    open.push(resource);
    return resource;
  }

  /** Makes a directory under the JVM's temporary directory that is deleted at the end. */
  public Path temporaryDirectory(String prefix) throws IOException {
    Path directory = Files.createTempDirectory(prefix);
    add(() -> delete(directory));
    return directory;
  }

  /** Closes one resource now, and not again at the end. */
  public void closeNow(AutoCloseable resource) {
    synchronized (this) {
      open.remove(resource);
    }
    close(resource);
  }

  @Override
  public void close() {
    try {
      Runtime.getRuntime().removeShutdownHook(hook);
    } catch (IllegalStateException e) {
      // The JVM is stopping already, so the hook runs.
      return;
    }
    closeAll();
  }

  /** Whatever complains now does so because its files and peers are being taken from it. */
  private void closeInterrupted() {
    Configurator.setAllLevels("", Level.OFF);
    closeAll();
  }

  private synchronized void closeAll() {
    while (!open.isEmpty()) {
      close(open.pop());
    }
  }

  private static void close(AutoCloseable resource) {
    try {
      resource.close();
    } catch (Exception e) {
      LOG.warn("Cleaning up: {}", e.toString());
      LOG.debug("Cleaning up", e);
    }
  }

  /**
   * Deletes a directory and all that is in it. Engines that are shutting down may still add files
   * meanwhile.
   */
  public static void delete(Path directory) throws IOException {
    for (int attempt = 1; Files.exists(directory); attempt++) {
      try (Stream<Path> files = Files.walk(directory)) {
        List<Path> deepestFirst = files.sorted(Comparator.reverseOrder()).toList();
        for (Path file : deepestFirst) {
          Files.deleteIfExists(file);
        }
      } catch (IOException | UncheckedIOException e) {
        if (attempt == DELETE_ATTEMPTS) {
          throw new IOException("cannot delete " + directory + ": delete it by hand", e);
        }
      }
    }
  }
}
