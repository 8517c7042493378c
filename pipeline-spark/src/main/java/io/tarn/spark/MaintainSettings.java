package io.tarn.spark;

import io.tarn.settings.Default;
import java.util.Optional;

/**
 * When lists of an index are split or dissolved.
 *
 * @param index the index
 * @param targetListRows how many live rows a list is meant to have; by default what a build of the
 *     live rows would give it
 * @param splitAbove a list with more live rows than so many targets is split
 * @param dissolveBelow a list with fewer live rows than so large a share of the target is dissolved
 * @param rounds lists that are still too large after a split are split again, so many times
 * @param attempts how many times a change is begun anew because others changed the model, or
 *     replaced segments, meanwhile
 * @param dryRun only say what would be done
 */
public record MaintainSettings(
    String index,
    Optional<Long> targetListRows,
    @Default("2.0") double splitAbove,
    @Default("0.125") double dissolveBelow,
    @Default("4") int rounds,
    @Default("3") int attempts,
    @Default("false") boolean dryRun) {
  public MaintainSettings {
    SettingRules.index(index);
    targetListRows.ifPresent(
        rows -> {
          if (rows < 1) {
            throw new IllegalArgumentException("target-list-rows " + rows + " is less than 1");
          }
        });
    if (!(splitAbove > 1) || !(dissolveBelow >= 0 && dissolveBelow < splitAbove / 2)) {
      throw new IllegalArgumentException(
          "split-above "
              + splitAbove
              + " and dissolve-below "
              + dissolveBelow
              + " never come to rest: the first is more than 1, the second less than half of it");
    }
    SettingRules.atLeastOne("rounds", rounds);
    SettingRules.atLeastOne("attempts", attempts);
  }
}
