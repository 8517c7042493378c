/** All pairs of rows of an index that lie near each other, and the groups that they form. */
package io.tarn.spark.neighbours;
