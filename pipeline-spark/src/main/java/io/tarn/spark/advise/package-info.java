/** Which settings of an index suit some data: measured, not guessed. */
package io.tarn.spark.advise;
