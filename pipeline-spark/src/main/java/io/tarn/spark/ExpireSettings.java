package io.tarn.spark;

import io.tarn.index.expire.Retention;
import io.tarn.settings.Default;

/**
 * Which versions and files of an index to remove. A version expires when neither of the two says
 * that it is kept.
 *
 * @param index the index
 * @param keepVersions so many of the newest versions are kept
 * @param keepAge versions are kept until they have been superseded for so long
 * @param safetyAge files that no kept version names are removed when they are older
 * @param exclusive nobody else reads or writes the index, so that ages may be as short as one likes
 * @param dryRun only say what would be done
 */
public record ExpireSettings(
    String index,
    @Default("10") int keepVersions,
    @Default("7d") String keepAge,
    @Default("48h") String safetyAge,
    @Default("false") boolean exclusive,
    @Default("false") boolean dryRun) {
  public ExpireSettings {
    SettingRules.index(index);
    new Retention(
        keepVersions,
        SettingRules.duration("keep-age", keepAge),
        SettingRules.duration("safety-age", safetyAge),
        exclusive);
  }

  /** How long versions and files are kept. */
  Retention retention() {
    return new Retention(
        keepVersions,
        SettingRules.duration("keep-age", keepAge),
        SettingRules.duration("safety-age", safetyAge),
        exclusive);
  }
}
