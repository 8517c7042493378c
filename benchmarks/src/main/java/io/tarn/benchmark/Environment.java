package io.tarn.benchmark;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.Optional;
import java.util.stream.Stream;

/**
 * Where figures were measured; elsewhere they are others.
 *
 * @param time when, in UTC
 * @param java the version and the vendor of the JVM
 * @param processor the processor's name, as far as the system tells
 * @param processors how many of them the JVM may use
 * @param maxHeapBytes how large the heap may grow
 */
public record Environment(
    String time, String java, String processor, int processors, long maxHeapBytes) {
  private static final Path CPU_INFO = Path.of("/proc/cpuinfo");

  static Environment here() {
    return new Environment(
        Instant.now().truncatedTo(ChronoUnit.SECONDS).toString(),
        System.getProperty("java.version") + " " + System.getProperty("java.vendor"),
        processorName().orElse(System.getProperty("os.arch")),
        Runtime.getRuntime().availableProcessors(),
        Runtime.getRuntime().maxMemory());
  }

  private static Optional<String> processorName() {
    try (Stream<String> lines = Files.lines(CPU_INFO)) {
      return lines
          .filter(line -> line.startsWith("model name"))
          .map(line -> line.substring(line.indexOf(':') + 1).strip())
          .findFirst();
    } catch (IOException e) {
      // Only Linux has it.
      return Optional.empty();
    }
  }
}
