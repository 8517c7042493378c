package io.tarn.index.snapshot;

import java.util.ArrayList;
import java.util.List;

/**
 * What a snapshot remembers of those before it.
 *
 * @param oldestVersion versions before this one have expired: what is left of them are signposts,
 *     and files they name may be gone; 0 if none has
 * @param appends commits whose changes have no positions to be known by, oldest first, so that such
 *     a change is not applied twice though its segments have been merged away
 */
public record History(long oldestVersion, List<PastCommit> appends) {
  /** Larger than the age beyond which files are not committed at all. */
  private static final long MAX_AGE_MS = 2 * 86_400_000L;

  /** Some 40 kB in each snapshot at most, under 90 bytes each. */
  private static final int MAX_APPENDS = 512;

  private static final History NONE = new History(0, List.of());

  public History {
    appends = List.copyOf(appends);
  }

  /** That of an index of one version. */
  public static History none() {
    return NONE;
  }

  /** Whether a change was committed, as far as is remembered. */
  public boolean holds(String commitId) {
    return appends.stream().anyMatch(commit -> commit.id().equals(commitId));
  }

  /** This history after another commit of rows without positions. */
  History after(String commitId, long timestampMs) {
    List<PastCommit> remembered = new ArrayList<>();
    for (PastCommit commit : appends) {
      if (timestampMs - commit.timestampMs() <= MAX_AGE_MS) {
        remembered.add(commit);
      }
    }
    remembered.add(new PastCommit(commitId, timestampMs));
    int surplus = Math.max(0, remembered.size() - MAX_APPENDS);
    return new History(oldestVersion, remembered.subList(surplus, remembered.size()));
  }

  /** This history after versions before {@code version} have expired. */
  History expiredBefore(long version) {
    return new History(Math.max(oldestVersion, version), appends);
  }
}
