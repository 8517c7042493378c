package io.tarn.cli;

import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/** {@code ./tarn} in a JVM of its own, with this one's flags and class path. */
final class TarnProcess {
  private TarnProcess() {}

  static Process start(Path errors, Object... args) throws IOException {
    return start(errors, List.of(), args);
  }

  static Process start(Path errors, List<String> moreFlags, Object... args) throws IOException {
    List<String> command = new ArrayList<>();
    command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
    ManagementFactory.getRuntimeMXBean().getInputArguments().stream()
        .filter(flag -> flag.startsWith("-X") || flag.startsWith("--") || flag.startsWith("-D"))
        .forEach(command::add);
    command.addAll(moreFlags);
    command.addAll(List.of("-cp", System.getProperty("java.class.path"), Tarn.class.getName()));
    for (Object arg : args) {
      command.add(arg.toString());
    }
    return new ProcessBuilder(command).redirectError(errors.toFile()).start();
  }
}
