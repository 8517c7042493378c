package io.tarn.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Path;
import java.util.Set;
import java.util.TreeSet;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import picocli.CommandLine;

class TarnTest {
  @TempDir Path dir;

  @Test
  void helpListsEveryCommand() {
    String help = Run.tarn("help").succeeds().out();
    Set<String> commands = new TreeSet<>(new CommandLine(new Tarn()).getSubcommands().keySet());
    for (String command : commands) {
      assertThat(help).containsPattern("(?m)^  " + command + " +\\S");
      assertThat(Run.tarn("help", command).succeeds().out())
          .isEqualTo(Run.tarn(command, "--help").succeeds().out())
          .contains("Usage: tarn " + command);
    }
    assertThat(Run.tarn("--help").succeeds().out()).isEqualTo(help);
  }

  @Test
  void withoutACommandTheHelpGoesToStderr() {
    Run run = Run.tarn();
    assertThat(run.status()).isEqualTo(2);
    assertThat(run.out()).isEmpty();
    assertThat(run.err()).contains("Commands:");
  }

  @Test
  void misuseIsOneLineWithTheWayToHelp() {
    Run.tarn("serach").fails(2, "tarn: there is no command 'serach'; did you mean search or");
    Run.tarn("help", "serach").fails(2, "tarn help: there is no command 'serach'; there are");
    Run.tarn("search")
        .fails(2, "tarn search: missing required option", "(see 'tarn search --help')");
    Run.tarn("search", "--index", dir, "--id", "a", "--text", "b").fails(2, "mutually exclusive");
    Run.tarn("search", "--index", dir, "--id", "a", "--exact", "--nprobe", 3)
        .fails(2, "mutually exclusive");
    Run.tarn("search", "--index", dir, "--id", "a", "--nprobes", 3)
        .fails(2, "unknown option '--nprobes'; did you mean --nprobe?");
    Run.tarn("search", "--index", dir, "--id", "a", "--k", 0)
        .fails(2, "invalid value for option '--k': '0' is not a whole number between 1 and");
    Run.tarn("inspect", "--index", dir, "more").fails(2, "surplus argument 'more'");
  }

  @Test
  void stackTracesAreShownOnlyWithDebug() {
    assertThat(Run.tarn("inspect", "--index", dir).err()).doesNotContain("\tat ");
    for (Run run :
        new Run[] {
          Run.tarn("inspect", "--index", dir, "--debug"),
          Run.tarn("--debug", "inspect", "--index", dir)
        }) {
      assertThat(run.status()).isEqualTo(1);
      assertThat(run.err())
          .startsWith("tarn inspect: " + dir + " is no Tarn index")
          .contains("\tat io.tarn");
    }
  }

  @Test
  void namesItsVersion() {
    assertThat(Run.tarn("--version").succeeds().out())
        .matches(
            "Tarn \\d+\\.\\d+.*, index format 1, Java "
                + System.getProperty("java.version")
                + "\n");
  }

  @Test
  void defectsOfOursAreToldFromErrorsOfUsers() {
    assertThat(Errors.describe(new IllegalStateException("why", new NullPointerException())))
        .isEqualTo("unexpected IllegalStateException: why (run with --debug to see where)");
    assertThat(
            Errors.describe(new IllegalStateException("wrapped", new CommandException("a\n  b"))))
        .isEqualTo("a b");
  }

  @Test
  void outputIsFlushed() {
    StringWriter out = new StringWriter();
    Tarn.run(new String[] {"help"}, new PrintWriter(out), new PrintWriter(new StringWriter()));
    assertThat(out.toString()).isNotEmpty();
  }
}
