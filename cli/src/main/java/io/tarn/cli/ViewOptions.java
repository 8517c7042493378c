package io.tarn.cli;

import io.tarn.index.commit.AsOf;
import io.tarn.index.search.IndexReader;
import io.tarn.index.search.IndexView;
import io.tarn.index.search.OpenOptions;
import io.tarn.index.search.VectorTier;
import io.tarn.index.storage.Storage;
import java.io.IOException;
import picocli.CommandLine.ArgGroup;
import picocli.CommandLine.Option;

/** Which version of an index to open, and with how much memory. */
final class ViewOptions {
  private static final class Pin {
    @Option(
        names = "--version",
        paramLabel = "V",
        description = "Open this version of the index instead of the newest.")
    private Long version;

    @Option(
        names = "--as-of",
        paramLabel = "MOMENT",
        converter = AsOfConverter.class,
        description = {
          "Open the index as it was at a time, such as 2026-11-21T10:00:00Z, or when it first held a",
          "record, such as kafka:photos:3:12345 (topic, partition, offset)."
        })
    private AsOf moment;
  }

  @ArgGroup private Pin pin;

  @Option(
      names = "--tier",
      paramLabel = "TIER",
      description = {
        "Where vectors are: memory, mapped (local files, not on the heap), remote (read when needed,",
        "and cached), or auto, the first of these that fits; auto if not given."
      })
  private VectorTier tier;

  @Option(
      names = "--memory-budget",
      paramLabel = "SIZE",
      converter = ByteSize.class,
      description = {
        "The most memory that the open index may take, such as 512MiB; three quarters of the heap",
        "if not given. What does not fit is not opened."
      })
  private Long memoryBudgetBytes;

  /** Opens the version asked for, or the newest. */
  IndexView open(Storage storage) throws IOException {
    OpenOptions options = OpenOptions.defaults();
    if (tier != null) {
      options = options.withTier(tier);
    }
    if (memoryBudgetBytes != null) {
      options = options.withMemoryBudgetBytes(memoryBudgetBytes);
    }
    if (pin == null) {
      return IndexReader.open(storage, options).view();
    }
    return pin.moment == null
        ? IndexReader.openVersion(storage, pin.version, options)
        : IndexReader.openAsOf(storage, pin.moment, options);
  }
}
