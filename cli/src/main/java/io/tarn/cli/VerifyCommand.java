package io.tarn.cli;

import io.tarn.cli.print.Amounts;
import io.tarn.index.storage.Storage;
import io.tarn.index.verify.IndexVerifier;
import io.tarn.index.verify.VerificationReport;
import java.io.IOException;
import java.io.PrintWriter;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Spec;

@Command(
    name = "verify",
    header = "Read every byte of an index and name whatever is wrong.",
    description = {
      "",
      "Checks the length and checksum of every file of every version, and the rules its content",
      "must follow. Prints one line for each problem; the exit status is 1 if there is any."
    },
    optionListHeading = "%nOptions:%n",
    sortOptions = false,
    footerHeading = "%nExample:%n",
    footer = "  ./tarn verify --index photos")
final class VerifyCommand implements Callable<Integer> {
  @Spec private CommandSpec spec;
  @Mixin private IndexOption index;

  @Override
  public Integer call() throws IOException {
    PrintWriter out = spec.commandLine().getOut();
    try (Storage storage = index.storage()) {
      long startNanos = System.nanoTime();
      VerificationReport report = IndexVerifier.verify(storage);
      report.problems().forEach(out::println);
      if (!report.sound()) {
        spec.commandLine()
            .getErr()
            .println(
                spec.qualifiedName()
                    + ": "
                    + storage.location()
                    + " has "
                    + Amounts.count(report.problems().size(), "problem")
                    + ". Restore the files named above from a copy, or build the index again");
        return Tarn.FAILED;
      }
      out.println(
          storage.location()
              + " is sound: "
              + Amounts.count(report.versions(), "version")
              + ", "
              + Amounts.count(report.files(), "file")
              + ", "
              + Amounts.bytes(report.bytes())
              + "; "
              + Amounts.count(report.liveRows(), "live row")
              + " in version "
              + report.version()
              + " ("
              + Amounts.seconds(System.nanoTime() - startNanos)
              + ")");
      if (!report.unreferenced().isEmpty()) {
        out.println(
            Amounts.count(report.unreferenced().size(), "file")
                + " of no version, left by interrupted writers, harmless: "
                + String.join(", ", report.unreferenced()));
      }
    }
    return Tarn.DONE;
  }
}
