/** Writing segments of an index anew, from executors. */
package io.tarn.spark.maintain;
