package io.tarn.cli;

import io.tarn.index.filter.FilterException;
import io.tarn.index.format.DamagedFileException;
import io.tarn.settings.SettingsException;
import java.io.FileNotFoundException;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.AccessDeniedException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.NoSuchFileException;
import java.nio.file.NotDirectoryException;
import java.util.List;
import picocli.CommandLine;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.UnmatchedArgumentException;

/** Turns whatever went wrong into one line on stderr and an exit status. */
final class Errors {
  private static final String OURS = "io.tarn.";

  private Errors() {}

  /** The command line was not understood. */
  static int misuse(ParameterException problem, String[] args) {
    CommandLine command = problem.getCommandLine();
    PrintWriter err = command.getErr();
    if (command.getParent() == null && args.length == 0) {
      command.usage(err);
      return Tarn.MISUSED;
    }
    String message =
        problem instanceof UnmatchedArgumentException unmatched
            ? notUnderstood(unmatched)
            : lowerFirst(oneLine(problem.getMessage()).replaceFirst("^Error: ", ""));
    String name = command.getCommandSpec().qualifiedName();
    err.println(name + ": " + message + " (see '" + name + " --help')");
    return Tarn.MISUSED;
  }

  private static String notUnderstood(UnmatchedArgumentException problem) {
    String first = problem.getUnmatched().get(0);
    String message =
        first.startsWith("-")
            ? "unknown option '" + first + "'"
            : problem.getCommandLine().getParent() == null
                ? "there is no command '" + first + "'"
                : "surplus argument '" + first + "'";
    List<String> suggestions = problem.getSuggestions();
    return suggestions.isEmpty()
        ? message
        : message + "; did you mean " + String.join(" or ", suggestions) + "?";
  }

  private static String lowerFirst(String message) {
    return Character.toLowerCase(message.charAt(0)) + message.substring(1);
  }

  /** The command was understood and failed. */
  static int failure(Exception problem, CommandLine command, boolean debug) {
    if (jvmIsStopping()) {
      // Interrupted: what breaks now breaks because of that.
      return Tarn.FAILED;
    }
    PrintWriter err = command.getErr();
    err.println(command.getCommandSpec().qualifiedName() + ": " + describe(problem));
    if (debug) {
      problem.printStackTrace(err);
    }
    return problem instanceof SettingsException ? Tarn.MISUSED : Tarn.FAILED;
  }

  private static boolean jvmIsStopping() {
    try {
      Runtime.getRuntime().removeShutdownHook(new Thread());
      return false;
    } catch (IllegalStateException e) {
      return true;
    }
  }

  /** One line for the user: the first cause that speaks to users, or what there is. */
  static String describe(Throwable problem) {
    for (Throwable cause = problem; cause != null; cause = cause.getCause()) {
      String message = forUsers(cause);
      if (message != null) {
        // The lines that follow in a filter's message point at a place in it with a caret.
        return oneLine(cause instanceof FilterException ? firstLine(message) : message);
      }
    }
    String message = problem.getMessage() == null ? "" : ": " + oneLine(problem.getMessage());
    return "unexpected "
        + problem.getClass().getSimpleName()
        + message
        + " (run with --debug to see where)";
  }

  private static String forUsers(Throwable cause) {
    if (cause instanceof DamagedFileException) {
      return cause.getMessage()
          + ". Restore the file from a copy or build the index again; 'tarn verify' lists all"
          + " damage";
    }
    if (cause instanceof NoSuchFileException) {
      return cause.getMessage() + " does not exist";
    }
    if (cause instanceof AccessDeniedException) {
      return cause.getMessage() + " may not be accessed: check its permissions";
    }
    if (cause instanceof NotDirectoryException) {
      return cause.getMessage() + " is no directory";
    }
    if (cause instanceof FileAlreadyExistsException) {
      return cause.getMessage() + " exists already";
    }
    boolean speaksToUsers =
        cause.getClass().getName().startsWith(OURS)
            || cause instanceof FileNotFoundException
            || cause.getClass() == IOException.class
            || cause.getClass() == IllegalArgumentException.class;
    return speaksToUsers ? cause.getMessage() : null;
  }

  private static String firstLine(String message) {
    return message.lines().findFirst().orElse("");
  }

  private static String oneLine(String message) {
    return message.strip().replaceAll("\\s*\\R\\s*", " ");
  }
}
