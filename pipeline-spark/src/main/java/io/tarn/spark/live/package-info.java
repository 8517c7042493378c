/** Which rows of a snapshot are live, and going through them: for whoever reads it with Spark. */
package io.tarn.spark.live;
