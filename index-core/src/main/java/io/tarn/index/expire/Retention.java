package io.tarn.index.expire;

import io.tarn.index.commit.UncommittedFiles;
import java.time.Duration;

/**
 * How long versions and files are kept. A version expires when it is neither among the newest ones,
 * by count, nor young enough; the newest never does.
 *
 * @param keepVersions so many of the newest versions are kept, whatever their age
 * @param keepAge versions are kept until they have been superseded for so long
 * @param safetyAge files that no kept version names are removed when they are older than this:
 *     until then a writer may be about to commit them
 * @param exclusive whether nobody else reads or writes the index, so that shorter times do no harm
 *     than those that others rely on
 */
public record Retention(int keepVersions, Duration keepAge, Duration safetyAge, boolean exclusive) {
  /** For so long docs/FORMAT.md promises that a superseded version is there. */
  public static final Duration MIN_KEEP_AGE = Duration.ofMinutes(10);

  public Retention {
    if (keepVersions < 1) {
      throw new IllegalArgumentException(
          "keep-versions is " + keepVersions + ", and the newest version is always kept");
    }
    if (keepAge.isNegative() || safetyAge.isNegative()) {
      throw new IllegalArgumentException("keep-age and safety-age cannot be less than nothing");
    }
    if (!exclusive && keepAge.compareTo(MIN_KEEP_AGE) < 0) {
      throw new IllegalArgumentException(
          "keep-age is less than "
              + MIN_KEEP_AGE.toMinutes()
              + " minutes, which readers and writers rely on. Say exclusive if there are none");
    }
    if (!exclusive && safetyAge.compareTo(UncommittedFiles.SAFETY_AGE) < 0) {
      throw new IllegalArgumentException(
          "safety-age is less than "
              + UncommittedFiles.SAFETY_AGE.toHours()
              + " hours, and a writer commits files that are up to "
              + UncommittedFiles.MAX_AGE.toHours()
              + " hours old. Say exclusive if there is none");
    }
  }
}
