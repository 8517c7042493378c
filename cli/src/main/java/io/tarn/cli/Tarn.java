package io.tarn.cli;

import java.io.FileDescriptor;
import java.io.FileOutputStream;
import java.io.OutputStreamWriter;
import java.io.PrintWriter;
import java.nio.charset.StandardCharsets;
import org.apache.logging.log4j.Level;
import org.apache.logging.log4j.core.config.Configurator;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParseResult;
import picocli.CommandLine.RunLast;
import picocli.CommandLine.ScopeType;

/**
 * The command line. Results go to stdout, and nothing else does; whatever else there is to say goes
 * to stderr. The exit status is 0 if all went well, 1 if it did not, 2 if the command cannot be
 * understood.
 */
@Command(
    name = "tarn",
    header = "One vector index in a lake of plain Parquet: Spark builds it, Kafka keeps it fresh.",
    synopsisSubcommandLabel = "COMMAND",
    commandListHeading = "%nCommands:%n",
    optionListHeading = "%nOptions:%n",
    footerHeading = "%nExample:%n",
    footer = {
      "  ./tarn help search",
      "",
      "Every command has --help with an example. To see all of it at work: ./tarn demo"
    },
    versionProvider = TarnVersion.class,
    subcommands = {
      HelpCommand.class,
      DemoCommand.class,
      BuildCommand.class,
      AppendCommand.class,
      EmbedCommand.class,
      StreamCommand.class,
      SearchCommand.class,
      KnnJoinCommand.class,
      DuplicatesCommand.class,
      DbscanCommand.class,
      AdviseCommand.class,
      EvaluateCommand.class,
      CalibrateCommand.class,
      BenchCommand.class,
      RetrainCommand.class,
      CompactCommand.class,
      MaintainCommand.class,
      ExpireCommand.class,
      InspectCommand.class,
      VerifyCommand.class
    })
public final class Tarn {
  static final int DONE = 0;
  static final int FAILED = 1;
  static final int MISUSED = 2;

  @Option(
      names = {"-h", "--help"},
      usageHelp = true,
      scope = ScopeType.INHERIT,
      description = "Show this help.")
  boolean help;

  @Option(
      names = {"-V", "--version"},
      versionHelp = true,
      description = "Show the versions of Tarn, of its format, and of Java.")
  boolean version;

  @Option(
      names = "--debug",
      scope = ScopeType.INHERIT,
      description = "Log more, and show where errors come from.")
  boolean debug;

  /** Runs one command and ends the JVM with its exit status. */
  public static void main(String[] args) {
    PrintWriter out = utf8(FileDescriptor.out);
    PrintWriter err = utf8(FileDescriptor.err);
    // A library that prints to stdout would break what reads our JSON.
    System.setOut(System.err);
    System.exit(run(args, out, err));
  }

  /** Whatever the locale, JSON is UTF-8, and so are the ids in a table. */
  private static PrintWriter utf8(FileDescriptor stream) {
    return new PrintWriter(
        new OutputStreamWriter(new FileOutputStream(stream), StandardCharsets.UTF_8), true);
  }

  /**
   * Runs one command.
   *
   * @param args as they stand behind {@code ./tarn}
   * @param out receives the results
   * @param err receives messages
   * @return the exit status
   */
  public static int run(String[] args, PrintWriter out, PrintWriter err) {
    Tarn tarn = new Tarn();
    int status =
        new CommandLine(tarn)
            .setOut(out)
            .setErr(err)
            .setCaseInsensitiveEnumValuesAllowed(true)
            .setExpandAtFiles(false)
            .setUsageHelpWidth(100)
            .setParameterExceptionHandler(Errors::misuse)
            .setExecutionExceptionHandler(
                (problem, command, parsed) -> Errors.failure(problem, command, tarn.debug))
            .setExecutionStrategy(tarn::execute)
            .execute(args);
    out.flush();
    err.flush();
    return status;
  }

  private int execute(ParseResult parsed) {
    if (debug) {
      // Read when logging is first used, which is here. Others at DEBUG would bury ours.
      System.setProperty("tarn.log.exceptions", "full");
      System.setProperty("tarn.log.frames", "(?!)");
      Configurator.setAllLevels("", Level.INFO);
      Configurator.setAllLevels("io.tarn", Level.DEBUG);
    }
    return new RunLast().execute(parsed);
  }
}
