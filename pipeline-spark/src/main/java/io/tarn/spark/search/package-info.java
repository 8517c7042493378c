/** Searching an index with Spark: a table of queries is brought to the lists they probe. */
package io.tarn.spark.search;
