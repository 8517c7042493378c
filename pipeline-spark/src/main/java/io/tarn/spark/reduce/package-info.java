/** Vectors of fewer dimensions that keep most of what tells them apart. */
package io.tarn.spark.reduce;
