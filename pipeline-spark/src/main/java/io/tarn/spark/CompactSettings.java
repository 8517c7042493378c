package io.tarn.spark;

import io.tarn.settings.Default;
import java.util.Optional;

/**
 * What of an index to write anew, so that it has fewer segments and no rows without a use.
 *
 * @param index the index
 * @param maxDeadShare segments of whose rows a larger share is dead are written anew
 * @param segmentsPerTier so many segments of about one size are merged
 * @param segmentBytes about how large a segment becomes at most
 * @param all write all segments anew
 * @param deleteRetention for how long deletes are remembered; what they deleted is gone from the
 *     newest version with the first compaction after that
 * @param forgetDeletesBelow instead: deletes of a smaller order are not remembered
 * @param attempts how many times it is begun anew because others replaced segments meanwhile
 * @param dryRun only say what would be done
 */
public record CompactSettings(
    String index,
    @Default("0.25") double maxDeadShare,
    @Default("8") int segmentsPerTier,
    @Default("268435456") long segmentBytes,
    @Default("false") boolean all,
    @Default("7d") String deleteRetention,
    Optional<Long> forgetDeletesBelow,
    @Default("3") int attempts,
    @Default("false") boolean dryRun) {
  public CompactSettings {
    SettingRules.index(index);
    SettingRules.share("max-dead-share", maxDeadShare);
    SettingRules.segmentBytes(segmentBytes);
    if (segmentsPerTier < 2) {
      throw new IllegalArgumentException("segments-per-tier " + segmentsPerTier + " is below 2");
    }
    SettingRules.duration("delete-retention", deleteRetention);
    SettingRules.atLeastOne("attempts", attempts);
  }
}
