/** Lucene as a contender. Alone imports Lucene, and is compiled only by a JDK that can read it. */
package io.tarn.benchmark.lucene;
