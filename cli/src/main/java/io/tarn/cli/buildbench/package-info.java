/** The time the build job takes, beside MLlib, and the quality of its lists. */
package io.tarn.cli.buildbench;
