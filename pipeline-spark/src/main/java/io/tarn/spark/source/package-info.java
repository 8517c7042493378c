/** Indexes as tables of Spark: the data source {@code tarn} and a catalog. */
package io.tarn.spark.source;
