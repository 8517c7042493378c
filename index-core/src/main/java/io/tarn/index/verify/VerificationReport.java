package io.tarn.index.verify;

import java.util.List;

/**
 * What a verification found.
 *
 * @param version the newest version
 * @param versions how many versions were read
 * @param files how many models, segments and embedders were read
 * @param bytes their bytes
 * @param liveRows the live features of the newest version; 0 where problems kept it from opening
 * @param problems what is wrong, each a sentence that names the file; empty if the index is sound
 * @param unreferenced files of no version: left by interrupted writers, harmless
 */
public record VerificationReport(
    long version,
    int versions,
    int files,
    long bytes,
    long liveRows,
    List<String> problems,
    List<String> unreferenced) {
  public VerificationReport {
    problems = List.copyOf(problems);
    unreferenced = List.copyOf(unreferenced);
  }

  /** Whether nothing is wrong. */
  public boolean sound() {
    return problems.isEmpty();
  }
}
