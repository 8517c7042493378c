/** Job settings: a YAML file and overrides, read into one small record per job. */
package io.tarn.settings;
