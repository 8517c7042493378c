package io.tarn.cli;

import io.tarn.cli.print.Amounts;
import io.tarn.index.commit.SnapshotLog;
import io.tarn.index.feature.FeatureId;
import io.tarn.index.feature.IdType;
import io.tarn.index.storage.Storage;
import io.tarn.index.verify.IndexVerifier;
import io.tarn.index.verify.PurgeCheck;
import io.tarn.index.verify.PurgeReport;
import io.tarn.index.verify.VerificationReport;
import java.io.IOException;
import java.io.PrintWriter;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

@Command(
    name = "verify",
    header = "Read every byte of an index and name whatever is wrong.",
    description = {
      "",
      "Checks the length and checksum of every file of every version, and the rules its content",
      "must follow. Prints one line for each problem; the exit status is 1 if there is any.",
      "",
      "With --purged it looks for one id instead, in every segment that there is, whether a version",
      "names it or not; the exit status is 1 if anything of it is left."
    },
    optionListHeading = "%nOptions:%n",
    sortOptions = false,
    footerHeading = "%nExamples:%n",
    footer = {"  ./tarn verify --index photos", "  ./tarn verify --index photos --purged p-1001"})
final class VerifyCommand implements Callable<Integer> {
  @Spec private CommandSpec spec;
  @Mixin private IndexOption index;

  @Option(
      names = "--purged",
      paramLabel = "ID",
      description = "Make sure that nothing of an id is left in the index.")
  private String purged;

  @Override
  public Integer call() throws IOException {
    PrintWriter out = spec.commandLine().getOut();
    try (Storage storage = index.storage()) {
      if (purged != null) {
        return purged(storage, out);
      }
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
                + " of no version kept, left by interrupted writers or expired versions, harmless: "
                + String.join(", ", report.unreferenced()));
      }
    }
    return Tarn.DONE;
  }

  private int purged(Storage storage, PrintWriter out) throws IOException {
    IdType type = new SnapshotLog(storage).newest().schema().idType();
    FeatureId id;
    try {
      id = type == IdType.INT64 ? FeatureId.of(Long.parseLong(purged)) : FeatureId.of(purged);
    } catch (NumberFormatException e) {
      throw new CommandException("--purged '" + purged + "': ids of this index are whole numbers");
    }
    PurgeReport report = PurgeCheck.find(storage, id);
    if (report.purged()) {
      out.println(
          storage.location()
              + ": nothing is left of "
              + purged
              + " in "
              + Amounts.count(report.segments(), "segment")
              + ", those of old versions and of none included");
      return Tarn.DONE;
    }
    for (PurgeReport.Trace trace : report.traces()) {
      out.println(
          trace.path()
              + ": "
              + Amounts.count(trace.rows(), "row")
              + " and "
              + Amounts.count(trace.deletes(), "delete")
              + (trace.named()
                  ? ", in the newest version: compact leaves them out when the delete need not be"
                      + " remembered any longer"
                  : ", in no version but old ones, if any: expire removes the file when they have"
                      + " expired"));
    }
    report.unreadable().forEach(problem -> out.println(problem + ": cannot be looked through"));
    spec.commandLine()
        .getErr()
        .println(
            spec.qualifiedName()
                + ": "
                + storage.location()
                + " is not free of "
                + purged
                + ". Delete the id, run compact once the delete's retention is over, and expire"
                + " once older versions are not kept");
    return Tarn.FAILED;
  }
}
