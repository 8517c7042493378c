package io.tarn.cli;

import java.util.concurrent.Callable;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

@Command(
    name = "help",
    header = "Show all commands, or the help of one.",
    sortOptions = false,
    parameterListHeading = "%n",
    optionListHeading = "%nOptions:%n",
    footerHeading = "%nExample:%n",
    footer = "  ./tarn help search")
final class HelpCommand implements Callable<Integer> {
  @Spec private CommandSpec spec;

  @Parameters(
      arity = "0..1",
      paramLabel = "COMMAND",
      description = "The command to explain; all are listed if not given.")
  private String command;

  @Override
  public Integer call() {
    CommandLine tarn = spec.commandLine().getParent();
    CommandLine explained = command == null ? tarn : tarn.getSubcommands().get(command);
    if (explained == null) {
      throw new ParameterException(
          spec.commandLine(),
          "there is no command '"
              + command
              + "'; there are "
              + String.join(", ", tarn.getSubcommands().keySet()));
    }
    explained.usage(spec.commandLine().getOut());
    return Tarn.DONE;
  }
}
