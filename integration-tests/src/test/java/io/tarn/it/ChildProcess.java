package io.tarn.it;

import java.io.File;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;
import java.util.stream.Stream;

/** A process of a test, its output in a file. Closing it ends it and everything it started. */
final class ChildProcess implements AutoCloseable {
  private static final Duration POLL = Duration.ofMillis(100);
  private static final int TAIL_CHARS = 6000;

  private final String name;
  private final Path log;
  private final Process process;

  private ChildProcess(String name, Path log, Process process) {
    this.name = name;
    this.log = log;
    this.process = process;
  }

  static ChildProcess start(
      String name, Path directory, Map<String, String> environment, List<String> command)
      throws IOException {
    Files.createDirectories(directory);
    Path log = directory.resolve(name + ".log");
    ProcessBuilder builder =
        new ProcessBuilder(command)
            .directory(directory.toFile())
            .redirectErrorStream(true)
            .redirectOutput(ProcessBuilder.Redirect.appendTo(log.toFile()))
            .redirectInput(new File("/dev/null"));
    builder.environment().putAll(environment);
    return new ChildProcess(name, log, builder.start());
  }

  /** The command line of a JVM like the one that runs this test. */
  static List<String> java(List<String> jvmFlags, String classPath, String main, String... args) {
    List<String> command = new ArrayList<>();
    command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
    command.addAll(jvmFlags);
    command.addAll(List.of("-cp", classPath, main));
    command.addAll(List.of(args));
    return command;
  }

  /** Everything it has printed so far. */
  String output() {
    try {
      return Files.readString(log);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** Waits until it has printed {@code text}; fails when it ends before, or does not in time. */
  void awaitOutput(String text, Duration limit) {
    await(name + " to print '" + text + "'", limit, () -> output().contains(text));
  }

  /** Waits for a condition while this process runs. */
  void await(String what, Duration limit, BooleanSupplier condition) {
    long deadlineNanos = System.nanoTime() + limit.toNanos();
    while (!condition.getAsBoolean()) {
      if (!process.isAlive() && !condition.getAsBoolean()) {
        throw new AssertionError(
            name + " ended with " + process.exitValue() + " while waiting for " + what + tail());
      }
      if (System.nanoTime() > deadlineNanos) {
        throw new AssertionError("waited " + limit + " for " + what + tail());
      }
      pause();
    }
  }

  /** Waits for its end and gives its exit status. */
  int awaitExit(Duration limit) {
    try {
      if (!process.waitFor(limit.toMillis(), TimeUnit.MILLISECONDS)) {
        throw new AssertionError(name + " did not end within " + limit + tail());
      }
      return process.exitValue();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IllegalStateException(e);
    }
  }

  boolean isAlive() {
    return process.isAlive();
  }

  /** What it has started, and what that has. */
  Stream<ProcessHandle> descendants() {
    return process.descendants();
  }

  /** Stops it from running, until it is resumed. */
  void suspend() throws IOException {
    signal("STOP");
  }

  void resume() throws IOException {
    signal("CONT");
  }

  private void signal(String signal) throws IOException {
    List<String> command = List.of("kill", "-" + signal, Long.toString(process.pid()));
    try {
      int status = new ProcessBuilder(command).inheritIO().start().waitFor();
      if (status != 0) {
        throw new AssertionError(command + " ended with " + status + tail());
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IllegalStateException(e);
    }
  }

  /** What {@code kill -9} does, to it alone. */
  void kill() {
    process.destroyForcibly();
    awaitExit(Duration.ofSeconds(30));
  }

  @Override
  public void close() {
    List<ProcessHandle> family = new ArrayList<>(process.descendants().toList());
    process.destroyForcibly();
    family.forEach(ProcessHandle::destroyForcibly);
    awaitExit(Duration.ofSeconds(30));
  }

  /** The end of the output, for messages. */
  String tail() {
    return tail(log);
  }

  /** The end of a process's output, for messages. */
  static String tail(Path log) {
    try {
      String output = Files.readString(log);
      return "\n--- " + log + "\n" + output.substring(Math.max(0, output.length() - TAIL_CHARS));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static void pause() {
    try {
      TimeUnit.NANOSECONDS.sleep(POLL.toNanos());
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IllegalStateException(e);
    }
  }
}
