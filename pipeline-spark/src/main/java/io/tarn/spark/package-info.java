/** Spark jobs that embed, build and append. */
package io.tarn.spark;
