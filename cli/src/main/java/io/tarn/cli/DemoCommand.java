package io.tarn.cli;

import io.tarn.cli.demo.Demo;
import java.nio.file.Path;
import java.util.concurrent.Callable;
import org.apache.logging.log4j.Level;
import org.apache.logging.log4j.core.config.Configurator;
import picocli.CommandLine.Command;
import picocli.CommandLine.Help.Ansi;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParentCommand;
import picocli.CommandLine.Spec;

@Command(
    name = "demo",
    header = "Show the whole path on the JDK's own API, in under three minutes.",
    description = {
      "",
      "Reads some 100,000 methods out of the running JDK, builds an index of them with Spark, starts",
      "Kafka and the Flink job, streams changes in, and searches after each step. Every claim is",
      "checked; the exit status is 1 if one does not hold. Needs nothing installed, and cleans up."
    },
    optionListHeading = "%nOptions:%n",
    sortOptions = false,
    footerHeading = "%nExample:%n",
    footer = "  ./tarn demo --keep methods")
final class DemoCommand implements Callable<Integer> {
  @Spec private CommandSpec spec;
  @ParentCommand private Tarn tarn;

  @Option(
      names = "--keep",
      paramLabel = "DIR",
      description = "Leave the index here, for further commands.")
  private Path keep;

  @Override
  public Integer call() throws Exception {
    if (!tarn.debug) {
      // The demo itself tells what happens.
      Configurator.setLevel("io.tarn", Level.WARN);
    }
    boolean sound = Demo.run(spec.commandLine().getOut(), Ansi.AUTO.enabled(), keep);
    return sound ? Tarn.DONE : Tarn.FAILED;
  }
}
