/**
 * Configuration, parsed once in {@code main} into one small record.
 *
 * <p>A job declares its settings as a record. The record is the whole schema: component names are
 * the keys, component types the types, {@link io.tarn.settings.Default} the defaults, and the
 * compact constructor holds what the types cannot say. {@link io.tarn.settings.Settings} fills it
 * from a YAML file and overrides, or says in one sentence what is wrong.
 */
package io.tarn.settings;
